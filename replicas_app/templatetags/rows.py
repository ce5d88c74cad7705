"""The rows of the long lists: `{% load rows %}`.

    {% each answer|point_rows %}<tr data-point="{uuid}"><td>{vm}</td></tr>{% endeach %}

What stands in the block is rendered once, with all its tags, and then filled for every row: a name in braces is a cell
of that row, ready and escaped. Fifty rows so cost a twentieth of what a loop over them does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache

from django import template
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from replicas_app.choices import (
    MALWARE_TONES,
    MALWARE_WORDS,
    PLATFORMS,
    REPLICA_STATE_TONES,
    REPLICA_STATES,
    REPLICA_TYPES,
)
from replicas_app.filters.answers import Answer
from replicas_app.models import BackupServer
from replicas_app.templatetags.acts import rescan_act
from replicas_app.templatetags.lists import server_name, short_id, verdict
from replicas_app.templatetags.look import NOTHING, age_by, number, pill, quiet, utc

register = template.Library()

NONE = SafeString(f'<span class="muted">{NOTHING}</span>')
SPELLINGS = 500
"""Of open values: so many cells are kept, however many a backup server makes up."""


@register.simple_block_tag
def each(content: str, rows: Iterable[Mapping[str, object]]) -> SafeString:
    return mark_safe("".join(map(content.format_map, rows)))


@register.filter
def replica_rows(answer: Answer) -> Iterator[dict[str, object]]:
    id_cell, server_cell = _id_cells(answer), _server_cells(answer)
    own, points, ask = place_of("replica"), reverse("restore-points"), reverse("rescan-ask")
    for replica in answer.rows:
        pk, uuid, name = replica.pk, replica.uuid, escape(replica.name)
        is_acted_on = replica.open_rescan_id or replica.rested_at
        button = f'<a class="button small" href="{ask}?id={pk}" hx-get="{ask}?id={pk}" aria-label="Rescan {name}">'
        offered = "" if replica.removed_at else f"{button}Rescan…</a>"
        yield {
            "pk": pk,
            "uuid": uuid,
            "name": name,
            "href": f"{own}{pk}/",
            "marks": " data-removed" if replica.removed_at else "",
            "tick": " disabled" if replica.removed_at else "",
            "state": state_cell(replica.state, bool(replica.removed_at)),
            "malware": malware_cell(replica.worst_malware),
            "vms": number(replica.vm_count),
            "points_href": f"{points}?server={replica.server_id}&amp;replica={uuid}",
            "points": number(replica.point_count),
            "newest": age_by(replica.newest_point_at, replica.server) if replica.newest_point_at else NONE,
            "server": server_cell(replica.server),
            "created": utc(replica.created_at),
            "type": words_cell(replica.type, REPLICA_TYPES.get),
            "platform": words_cell(replica.platform, PLATFORMS.get),
            "job": id_cell("job", replica.job_id),
            "policy": id_cell("policy", replica.policy_id),
            "platform_id": id_cell("platform_id", replica.platform_id),
            "act": rescan_act(replica, answer.now) if is_acted_on else offered,
        }


@register.filter
def point_rows(answer: Answer) -> Iterator[dict[str, object]]:
    id_cell, server_cell = _id_cells(answer), _server_cells(answer)
    own, of_replica = place_of("restore-point"), place_of("replica")
    for point in answer.rows:
        yield {
            "uuid": point.uuid,
            "marks": " data-removed" if point.removed_at else "",
            "href": f"{own}{point.pk}/",
            "vm": escape(point.vm.name),
            "created": utc(point.created_at),
            "age": age_by(point.created_at, point.server),
            "malware": malware_cell(point.malware),
            "state": state_cell(point.state, bool(point.removed_at)),
            "replica_href": f"{of_replica}{point.replica_id}/",
            "replica": escape(point.replica.name),
            "server": server_cell(point.server),
            "platform": words_cell(point.platform, PLATFORMS.get),
            "platform_id": id_cell("platform_id", point.platform_id),
            "operations": len(point.operations),
        }


def place_of(page: str) -> str:
    """What the addresses of all these pages begin with: their primary keys follow."""
    return reverse(page, args=[0]).removesuffix("0/")


@lru_cache(SPELLINGS)
def state_cell(state: str, is_removed: bool) -> SafeString:
    if is_removed:
        return pill("unknown", "Removed")
    return quiet(REPLICA_STATE_TONES.get(state, "unknown"), REPLICA_STATES.get(state, state))


@lru_cache(SPELLINGS)
def malware_cell(status: str | None) -> SafeString:
    """None: there is nothing that could be scanned."""
    words = "" if status is None else MALWARE_WORDS.get(status, status)
    return verdict(MALWARE_TONES.get(status or "", "unknown"), words)


@lru_cache(SPELLINGS)
def words_cell(value: str, words_of: Callable[[str, str], str]) -> SafeString:
    return escape(words_of(value, value) or NOTHING)


def _id_cells(answer: Answer) -> Callable[[str, str], SafeString]:
    """The cell of an id; many rows of a list share theirs."""
    return cache(lambda key, id: short_id(answer.filters, key, id))


def _server_cells(answer: Answer) -> Callable[[BackupServer], SafeString]:
    return cache(lambda server: server_name(server, answer.now))
