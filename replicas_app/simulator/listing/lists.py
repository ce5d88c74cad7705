"""The five lists of the API, described as data: which parameters filter them, by which columns they sort."""

from .. import words
from .filters import (
    Filter,
    Listing,
    any_word,
    at_least,
    at_most,
    by,
    by_moment,
    equal,
    is_number,
    is_true,
    is_word,
    name_test,
    same_id,
)

_CREATED = (
    Filter("createdAfterFilter", at_least("creationTime")),
    Filter("createdBeforeFilter", at_most("creationTime")),
)
_ENDED = (Filter("endedAfterFilter", at_least("endTime")), Filter("endedBeforeFilter", at_most("endTime")))
_NAME = Filter("nameFilter", name_test)

REPLICAS = Listing(
    (
        _NAME,
        *_CREATED,
        Filter("platformIdFilter", same_id("platformId")),
        Filter("jobIdFilter", same_id("jobId")),
        Filter("policyTagFilter", equal("policyUniqueId"), until=2),
        Filter("policyUniqueIdFilter", equal("policyUniqueId"), since=3),
        Filter("stateFilter", equal("state")),
    ),
    {
        "Name": by("name"),
        "CreationTime": by_moment("creationTime"),
        "PlatformId": by("platformId"),
        "JobId": by("jobId"),
        "PolicyTag": by("policyUniqueId"),
        "State": by("state"),
    },
)

POINTS_OF_REPLICA = Listing(
    (
        *_CREATED,
        _NAME,
        Filter("platformNameFilter", is_word("platformName", words.PLATFORMS)),
        Filter("platformIdFilter", same_id("platformId")),
        Filter("replicaIdFilter", same_id("replicaId")),
    ),
    {
        "CreationTime": by_moment("creationTime"),
        "PlatformId": by("platformId"),
        "ReplicaId": by("replicaId"),
        "Name": by("name"),
    },
)

POINTS = Listing(
    (*POINTS_OF_REPLICA.filters, Filter("malwareStatusFilter", is_word("malwareStatus", words.MALWARE))),
    POINTS_OF_REPLICA.columns,
)

SESSIONS = Listing(
    (
        _NAME,
        *_CREATED,
        *_ENDED,
        Filter("typeFilter", any_word("sessionType", words.SESSION_TYPES)),
        Filter("stateFilter", is_word("state", words.SESSION_STATES)),
        Filter("resultFilter", any_word("result.result", words.RESULTS)),
        Filter("jobIdFilter", same_id("jobId")),
    ),
    {
        "Name": by("name"),
        "SessionType": by("sessionType"),
        "CreationTime": by_moment("creationTime"),
        "EndTime": by_moment("endTime"),
        "State": by("state"),
        "Result": by("result.result"),
        "InitiatedBy": by("initiatedBy", since=1),
    },
)

JOBS = Listing(
    (
        Filter("idFilter", same_id("id")),
        _NAME,
        Filter("typeFilter", is_word("type", words.JOB_TYPES)),
        Filter("lastResultFilter", is_word("lastResult", words.RESULTS)),
        Filter("statusFilter", is_word("status", words.JOB_STATUSES)),
        Filter("workloadFilter", is_word("workload", words.WORKLOADS)),
        Filter("lastRunAfterFilter", at_least("lastRun")),
        Filter("lastRunBeforeFilter", at_most("lastRun")),
        Filter("isHighPriorityJobFilter", is_true("highPriority")),
        Filter("repositoryIdFilter", same_id("repositoryId")),
        Filter("objectsCountFilter", is_number("objectsCount")),
        Filter("afterJobIdFilter", same_id("runAfterJob.jobId"), since=1),
        Filter("afterJobNameFilter", equal("runAfterJob.jobName"), since=1),
    ),
    {
        "Name": by("name"),
        "Type": by("type"),
        "Status": by("status"),
        "LastRun": by_moment("lastRun"),
        "LastResult": by("lastResult"),
        "NextRun": by_moment("nextRun"),
        "Description": by("description"),
        "RepositoryId": by("repositoryId"),
        "ObjectsCount": by("objectsCount"),
        "RepositoryName": by("repositoryName", since=1),
        "AfterJobName": by("runAfterJob.jobName", since=1),
    },
)

TASKS = Listing(
    (
        _NAME,
        Filter("typeFilter", is_word("type", words.TASK_TYPES)),
        Filter("sessionTypeFilter", is_word("sessionType", words.SESSION_TYPES)),
        *_CREATED,
        *_ENDED,
        Filter("stateFilter", is_word("state", words.SESSION_STATES)),
        Filter("resultFilter", is_word("result.result", words.RESULTS)),
        Filter("scanTypeFilter", is_word("scanType", words.SCAN_TYPES)),
        Filter("scanResultFilter", is_word("scanResult", words.SCAN_RESULTS)),
        Filter("scanStateFilter", is_word("scanState", words.SCAN_STATES)),
        Filter("sessionIdFilter", same_id("sessionId")),
    ),
    {
        "Name": by("name"),
        "Type": by("type"),
        "SessionType": by("sessionType"),
        "CreationTime": by_moment("creationTime"),
        "EndTime": by_moment("endTime"),
        "State": by("state"),
        "Result": by("result.result"),
        "ScanState": by("scanState"),
        "ScanResult": by("scanResult"),
    },
)
