"""The rows of the long lists: `{% load rows %}`.

    {% each answer|point_rows %}<tr data-point="{uuid}"><td>{vm}</td></tr>{% endeach %}

What stands in the block is rendered once, with all its tags, and then filled for every row: a name in braces is a cell
of that row, ready and escaped. Fifty rows so cost a twentieth of what a loop over them does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from html import escape
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from replicas_app.charts import strip
from replicas_app.choices import PLATFORMS, REPLICA_TYPES, malware_tone, malware_words, state_tone, state_words
from replicas_app.filters.answers import Answer
from replicas_app.filters.facets import Facet
from replicas_app.models.inventory import decoded
from replicas_app.templatetags.acts import rescan_act
from replicas_app.templatetags.lists import server_name, verdict
from replicas_app.templatetags.look import NOTHING, age_element, badge, iso, number, pill, quiet
from replicas_app.times import age_words, their_age, utc_words

register = template.Library()

NONE = SafeString(f'<span class="muted">{NOTHING}</span>')
NOT_KNOWN = SafeString('<span class="muted">not known</span>')
ID_LETTERS = 8
NO_ID = "00000000-0000-0000-0000-000000000000"
"""What the API gives where a platform has no id. It is common, and narrows nothing."""
SPELLINGS = 500
"""Of open values: so many cells are kept, however many a backup server makes up."""


@register.simple_block_tag
def each(content: str, rows: Iterable[Mapping[str, object]]) -> SafeString:
    return SafeString("".join(map(content.format_map, rows)))


@register.filter
def replica_rows(answer: Answer) -> Iterator[dict[str, object]]:
    """Of `ReplicaQuerySet.lines`, with what `rescans.with_acts` adds."""
    id_cell, server_cell, moment_cells = _id_cells(answer), _server_cells(answer), _moment_cells(answer)
    own, points, ask = place_of("replica"), reverse("restore-points"), reverse("rescan-ask")
    for row in answer.rows:
        name, is_removed = escape(row.name), row.removed_at is not None
        button = (
            f'<a class="button small" href="{ask}?id={row.pk}" hx-get="{ask}?id={row.pk}" aria-label="Rescan {name}">'
        )
        offered = "" if is_removed else f"{button}Rescan…</a>"
        yield {
            "pk": row.pk,
            "uuid": row.uuid,
            "name": name,
            "href": f"{own}{row.pk}/",
            "marks": " data-removed" if is_removed else "",
            "tick": " disabled" if is_removed else "",
            "state": state_cell(row.state, is_removed),
            "malware": malware_cell(row.worst_malware),
            "vms": number(row.vm_count),
            "points_href": f"{points}?server={row.server_id}&amp;replica={row.uuid}",
            "points": number(row.point_count),
            "newest": moment_cells(row.newest_point_at, row.server_id)[1],
            "server": server_cell(row.server_id),
            "created": day_first(row.created_at),
            "type": words_cell(row.type, REPLICA_TYPES.get),
            "platform": words_cell(row.platform, PLATFORMS.get),
            "job": id_cell("job", row.job_id),
            "policy": id_cell("policy", row.policy_id),
            "platform_id": id_cell("platform_id", row.platform_id),
            "act": rescan_act(row, answer.now) if row.open_rescan_id or row.rested_at else offered,
        }


@register.filter
def point_rows(answer: Answer) -> Iterator[dict[str, object]]:
    """Of `RestorePointQuerySet.lines`."""
    id_cell, server_cell, moment_cells = _id_cells(answer), _server_cells(answer), _moment_cells(answer)
    own, of_replica = place_of("restore-point"), place_of("replica")
    for row in answer.rows:
        created, age = moment_cells(row.created_at, row.server_id)
        yield {
            "uuid": row.uuid,
            "marks": "" if row.removed_at is None else " data-removed",
            "href": f"{own}{row.pk}/",
            "vm": escape(row.vm__name),
            "created": created,
            "age": age,
            "malware": malware_cell(row.malware),
            "state": state_cell(row.state, row.removed_at is not None),
            "replica_href": f"{of_replica}{row.replica_id}/",
            "replica": escape(row.replica__name),
            "server": server_cell(row.server_id),
            "platform": words_cell(row.platform, PLATFORMS.get),
            "platform_id": id_cell("platform_id", row.platform_id),
            "operations": len(row.operations),
        }


@register.filter
def vm_rows(answer: Answer) -> Iterator[dict[str, object]]:
    """Of `ReplicaVMQuerySet.lines`."""
    id_cell, server_cell, moment_cells = _id_cells(answer), _server_cells(answer), _moment_cells(answer)
    own, of_replica = place_of("vm"), place_of("replica")
    for row in answer.rows:
        yield {
            "pk": row.pk,
            "marks": "" if row.point_count else " data-removed",
            "href": f"{own}{row.pk}/",
            "name": escape(row.name),
            "newest": moment_cells(row.newest_point_at, row.server_id)[1],
            "days": strip(decoded(row.recent), answer.now),
            "clean": moment_cells(row.newest_clean_at, row.server_id)[1] if row.newest_clean_at else NOT_KNOWN,
            "malware": malware_cell(row.worst_malware),
            "state": state_cell(row.newest_state, not row.point_count),
            "points": number(row.point_count),
            "replica_pk": row.replica_id,
            "tick": "" if row.replica__removed_at is None else " disabled",
            "replica_href": f"{of_replica}{row.replica_id}/",
            "replica": escape(row.replica__name),
            "server": server_cell(row.server_id),
            "platform": words_cell(row.replica__platform, PLATFORMS.get),
            "job": id_cell("job", row.replica__job_id),
            "policy": id_cell("policy", row.replica__policy_id),
            "platform_id": id_cell("platform_id", row.replica__platform_id),
        }


@register.filter
def choice_rows(facet: Facet) -> Iterator[dict[str, object]]:
    for choice in facet.choices:
        yield {
            "id": f"{facet.name}-{quote(choice.value, safe='')}",
            "value": escape(choice.value),
            "checked": " checked" if choice.is_chosen else "",
            "words": badge(choice.tone, choice.words) if choice.tone else escape(choice.words),
            "count": "" if choice.count is None else number(choice.count),
        }


def place_of(page: str) -> str:
    """What the addresses of all these pages begin with: their primary keys follow."""
    return reverse(page, args=[0]).removesuffix("0/")


@lru_cache(SPELLINGS)
def state_cell(state: str, is_removed: bool) -> SafeString:
    if is_removed:
        return pill("unknown", "Removed")
    return quiet(state_tone(state), state_words(state))


@lru_cache(SPELLINGS)
def malware_cell(status: str | None) -> SafeString:
    """None: there is nothing that could be scanned."""
    return verdict(malware_tone(status), malware_words(status))


@lru_cache(SPELLINGS)
def words_cell(value: str, words_of: Callable[[str, str], str]) -> SafeString:
    return SafeString(escape(words_of(value, value) or NOTHING))


def _id_cells(answer: Answer) -> Callable[[str, str], SafeString]:
    """The cell of an id by its key and itself; many rows of a list share theirs."""
    links = cache(answer.filters.address.for_each)
    return cache(lambda key, id: short_id(links(key), id))


def short_id(link: Callable[[str], str], id: str) -> SafeString:
    """The beginning of an id, whole on hover, as a link to the rows of this list that share it."""
    if not id or id == NO_ID:
        return SafeString(f'<span class="muted" title="{escape(id)}">{NOTHING}</span>')
    shown = id if len(id) <= ID_LETTERS + 1 else f"{id[:ID_LETTERS]}…"
    return SafeString(f'<a class="id" href="{escape(link(id))}" title="{escape(id)}">{escape(shown)}</a>')


def _moment_cells(answer: Answer) -> Callable[[datetime | None, int], tuple[str, str]]:
    """(the moment, its age) of a moment that a server gave, reckoned by its clock; many rows of a list share theirs."""
    skews = {pk: server.clock_skew_seconds for pk, server in answer.filters.servers.items()}

    @cache
    def cells(moment: datetime | None, server: int) -> tuple[str, str]:
        if moment is None:
            return NOTHING, NONE
        written, words, skew = iso(moment), utc_words(moment), skews.get(server)
        age = age_words(their_age(moment, answer.now, skew))
        return f'<time datetime="{written}">{words}</time>', age_element(written, words, age, skew)

    return cells


def day_first(moment: datetime | None) -> str:
    """`25 Nov 2026, 13:31 UTC`, of which a narrow window shows the day, and the whole on hover."""
    if moment is None:
        return NOTHING
    words = utc_words(moment)
    day, _, hour = words.partition(",")
    return f'<time datetime="{iso(moment)}" title="{words}">{day}<span class="hour">,{hour}</span></time>'


def _server_cells(answer: Answer) -> Callable[[int], SafeString]:
    """The cell of a server by its key; a dash for one that was connected a moment ago."""
    servers = answer.filters.servers
    return cache(lambda pk: server_name(servers[pk], answer.now) if pk in servers else NONE)
