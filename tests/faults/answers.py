"""What a server may answer that means nothing, or not what was asked."""

BODIES = (
    None, [], {}, 0, "text", True, {"data": None}, {"data": {}}, {"data": [None, 7, {}]}, {"data": [], "pagination": 5},
    {"data": [], "pagination": {"total": -1}}, {"data": [], "pagination": {"total": 10**30}},
    {"data": [{"id": 5}], "pagination": {"total": None}}, {"serverTime": None}, {"serverTime": "2199-12-31T23:59:59Z"},
    {"serverTime": 5}, {"access_token": "", "expires_in": []}, {"access_token": "a\r\nb"}, {"vbrId": None},
    {"vbrId": "x", "name": None, "buildVersion": 5}, {"vbrId": "x", "patches": [1]},
    {"message": {"a": 1}, "errorCode": 5},
)  # fmt: skip
RULES = [
    *({"status": 200, "body": body} for body in BODIES),
    *({"status": status, "body": {"message": None, "errorCode": 5}} for status in (400, 401, 403, 404, 405, 410, 418)),
    *({"status": status} for status in (204, 302, 429, 500, 501, 503)),
    *({"action": action} for action in ("reset", "truncate", "invalid_json", "empty", "html")),
]  # fmt: skip
