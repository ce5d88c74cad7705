"""The contract of each revision: the one of 1.3-rev0, patched.

What the patches say was read off the vendor's documents of the other revisions. Session and job types that came with
1.3-rev2 are left out: no answer has one, and no test asks for one.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

REVISIONS = ("1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2")
BASE = Path(__file__).parent / "contract-1.3-rev0.json"


def listed(words: str) -> list[str]:
    return words.split()


JOB_TYPES_OF_1_2 = listed("""
    Backup CloudDirectorBackup VSphereReplica EntraIDTenantBackup EntraIDAuditLogBackup FileBackupCopy
""")
SESSION_TYPES_SINCE_1_3_REV0 = listed("""
    AgentBackup AgentDiscovery AgentPolicy ApplianceUpdatesInstall ArchiveBackup ArchiveCopy ArchiveFreezing
    ArchiveRehydration ArchiveSync ArchiveTierDownload AzureInstantRecovery AzureInstantRecoveryMigration
    AzureInstantRecoveryMigrationUndo AzureInstantRecoveryMount AzureInstantRecoveryStart AzureInstantRecoveryStop
    AzureInstantRecoverySwitchover CheckpointRemoval CopyBackup DirectBackupSync EntraIdRestoreFromCopy FailoverPlan
    FailoverPlanTask FileBackupHealthCheck HostComponentsUpdate LogsExport OracleLogBackup PostgreSqlLogBackup
    PublishBackupContentViaNfs Retention RetrieveBackup SqlLogBackup TestCredentials UnstructuredDataBackupCopy
    VolumesDiscover
""")
SESSION_TYPES_SINCE_1_3_REV1 = listed("""
    AgentOperationPurgeCache BackupCopyJob FileInstantRecovery FileInstantRecoveryMigration SureBackupContentScan
""")
PLATFORMS_SINCE_1_3_REV2 = listed("Iris Nutanix Proxmox LinuxPhysicalPpc ApplicationBackupRepository")

Contract = dict[str, Any]


@cache
def contract(revision: str) -> Contract:
    """The OpenAPI document of a revision, for the calls that the dashboard makes."""
    found = json.loads(BASE.read_text())
    for patch in PATCHES[revision]:
        patch(found)
    found["info"]["version"] = revision
    return found


def back_to_1_2_rev1(contract: Contract) -> None:
    schemas = contract["components"]["schemas"]
    _drop_words(schemas, "EPlatformType", "MongoDb", "AWSEC2", "AzureCompute", "GCE")
    _drop_words(schemas, "EObjectRestorePointOperation", "StartHvVMInstantRecovery", "StartEntireVmRestoreHyperV")
    _drop_words(schemas, "ESuspiciousActivitySeverity", "Informative")
    _drop_words(schemas, "ESessionsFiltersOrderColumn", "InitiatedBy")
    _drop_words(schemas, "EJobStatesFiltersOrderColumn", "RepositoryName", "AfterJobName")
    _drop_words(schemas, "EJobStatus", "enabled", "stopping", "stopped", "starting")
    _words(schemas, "EJobType")[:] = JOB_TYPES_OF_1_2
    _drop_words(schemas, "ESessionType", *SESSION_TYPES_SINCE_1_3_REV0)
    _drop_keys(schemas, "SessionModel", "initiatedBy")
    _drop_keys(schemas, "ServerInfoModel", "veeamRegistration", "platform")
    _drop_keys(schemas, "JobStateModel", "highPriority", "progressPercent", "nextRunPolicy", "sessionProgress")
    _drop_keys(schemas, "JobStateModel", "runAfterJob", "backupCopyMode", "isStorageSnapshot")
    sessions = _parameters(contract, "/api/v1/sessions")
    for name in ("typeFilter", "resultFilter"):
        sessions[name]["schema"] = sessions[name]["schema"]["items"]
    _drop_parameters(contract, "/api/v1/jobs/states", "afterJobIdFilter", "afterJobNameFilter")
    _drop_parameters(contract, "/api/v1/sessions/{id}/logs", "statusFilter")
    for path in contract["paths"]:
        if limit := _parameters(contract, path).get("limit"):
            del limit["schema"]["default"]


def on_to_1_3_rev1(contract: Contract) -> None:
    schemas = contract["components"]["schemas"]
    for name in ("EJobStatus", "EJobWorkload", "ELoginGrantType"):
        schemas[name]["enum"] = [word[:1].upper() + word[1:] for word in _words(schemas, name)]
    _words(schemas, "ESessionType").extend(SESSION_TYPES_SINCE_1_3_REV1)
    schemas["SessionModel"]["properties"]["relatedSessionId"] = {"type": "string", "format": "uuid"}


def on_to_1_3_rev2(contract: Contract) -> None:
    schemas = contract["components"]["schemas"]
    _words(schemas, "EReplicaType")[:] = ["Snapshot", "CDP"]
    schemas["ReplicaModel"]["discriminator"]["mapping"] = {"Snapshot": "#/components/schemas/RegularReplicaModel"}
    _words(schemas, "EPlatformType").extend(PLATFORMS_SINCE_1_3_REV2)
    _words(schemas, "EObjectRestorePointOperation").append("StartDiskPublish")
    _words(schemas, "ESessionState").append("ActionRequired")
    schemas["ESessionAlgorithm"] = {"type": "string", "enum": ["None", "Full", "Increment"]}
    schemas["SessionModel"]["properties"] |= {
        "algorithm": {"$ref": "#/components/schemas/ESessionAlgorithm"},
        "progress": {"$ref": "#/components/schemas/SessionProgress"},
        "originalSessionId": {"type": "string", "format": "uuid"},
        "retryInfo": {"type": "object"},
    }
    schemas["JobStateModel"]["properties"]["targetName"] = {"type": "string"}
    schemas["ServerTimeModel"]["properties"]["ianaTimeZoneId"] = {"type": "string"}
    schemas["Error"]["properties"] |= {"title": {"type": "string"}, "status": {"type": "integer"}}
    _parameters(contract, "/api/v1/replicas")["policyTagFilter"]["name"] = "policyUniqueIdFilter"
    for path in contract["paths"]:
        for name, minimum in (("skip", 0), ("limit", 1)):
            if parameter := _parameters(contract, path).get(name):
                parameter["schema"]["minimum"] = minimum


PATCHES = {
    "1.2-rev1": (back_to_1_2_rev1,),
    "1.3-rev0": (),
    "1.3-rev1": (on_to_1_3_rev1,),
    "1.3-rev2": (on_to_1_3_rev1, on_to_1_3_rev2),
}


def operations(revision: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(METHOD, path template) → what the contract says of it."""
    paths = contract(revision)["paths"]
    return {(method.upper(), path): said for path, methods in paths.items() for method, said in methods.items()}


def query_parameters(revision: str, path: str) -> dict[str, dict[str, Any]]:
    """Name → schema of the query parameters of a GET, with references to enums followed."""
    found = contract(revision)
    named = _parameters(found, path)
    return {
        name: _followed(found, said["schema"]) for name, said in copy.deepcopy(named).items() if said["in"] == "query"
    }


def _followed(contract: Contract, schema: dict[str, Any]) -> dict[str, Any]:
    if "items" in schema:
        return schema | {"items": _followed(contract, schema["items"])}
    if "$ref" in schema:
        return contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _parameters(contract: Contract, path: str) -> dict[str, dict[str, Any]]:
    operation = contract["paths"][path].get("get", {})
    return {said["name"]: said for said in operation.get("parameters", ()) if "name" in said}


def _drop_parameters(contract: Contract, path: str, *names: str) -> None:
    operation = contract["paths"][path]["get"]
    operation["parameters"] = [said for said in operation["parameters"] if said.get("name") not in names]


def _words(schemas: Contract, name: str) -> list[str]:
    return schemas[name]["enum"]


def _drop_words(schemas: Contract, name: str, *words: str) -> None:
    schemas[name]["enum"] = [word for word in _words(schemas, name) if word not in words]


def _drop_keys(schemas: Contract, name: str, *keys: str) -> None:
    schema = schemas[name]
    schema["required"] = [key for key in schema["required"] if key not in keys]
    for key in keys:
        schema["properties"].pop(key, None)
