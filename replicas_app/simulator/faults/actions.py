"""What rules can do. A new action is a function in `answers` or `changes` and a line here.

`before` runs ahead of the operation and may answer in its place; `change` gets the answer and gives another one.
"""

from . import answers, changes
from .kinds import ANY, NUMBER, PLACE, STATUS, TABLE, TEXT, VERSIONS, WHOLE, Action

ACTIONS: dict[str, Action] = {
    "status": Action(
        {"status": STATUS, "body": ANY, "headers": TABLE, "content_type": TEXT},
        before=answers.answer_status,
    ),
    "html": Action({"status": STATUS, "body": TEXT, "headers": TABLE}, before=answers.answer_html),
    "empty": Action({"status": STATUS, "headers": TABLE}, before=answers.answer_empty),
    "reset": Action(before=answers.answer_reset),
    "expire": Action(before=answers.expire),
    "cap": Action({"limit": WHOLE}, ["limit"], before=answers.cap),
    "shift": Action({"by": PLACE}, ["by"], before=answers.shift),
    "certificate": Action(before=answers.renew_certificate),
    "versions": Action({"versions": VERSIONS}, ["versions"], before=answers.change_versions),
    "delay": Action({"seconds": NUMBER}, ["seconds"], change=answers.delay),
    "truncate": Action({"bytes": WHOLE}, change=answers.truncate),
    "drip": Action({"seconds": NUMBER, "bytes": WHOLE}, change=answers.drip),
    "invalid_json": Action(change=answers.break_json),
    "set": Action({"key": TEXT, "index": PLACE, "value": ANY, "at": TEXT, "values": TABLE}, change=changes.set_values),
    "remove": Action({"key": TEXT, "index": PLACE, "at": TEXT}, change=changes.remove),
    "drop": Action({"index": WHOLE, "count": WHOLE}, change=changes.drop_records),
    "repeat": Action({"index": WHOLE, "count": WHOLE}, change=changes.repeat_records),
    "shuffle": Action(change=changes.shuffle_records),
}
