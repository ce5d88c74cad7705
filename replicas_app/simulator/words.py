"""The words of the API's enums, by the revision that brought them: facts of the vendor's documents, as data."""


def _since(*added: str) -> dict[str, int]:
    """Each word with the place of its first revision: 0 for 1.2-rev1, 3 for 1.3-rev2."""
    return {word: place for place, words in enumerate(added) for word in words.split()}


PLATFORMS = _since(
    "CloudDirector CustomPlatform EntraID HyperV LinuxPhysical Tape Test UnstructuredData VMware WindowsPhysical",
    "AWSEC2 AzureCompute GCE MongoDb",
    "",
    "ApplicationBackupRepository Iris LinuxPhysicalPpc Nutanix Proxmox",
)
OPERATIONS = _since(
    """
    ChangeReplicaFailbackSwitchoverTime StartEntireVmRestore StartEntireVmRestoreCloudDirector
    StartFCDInstantRecovery StartFlrRestore StartViVMInstantRecovery StartViVMSnapshotReplicaCommitFailback
    StartViVMSnapshotReplicaFailback StartViVMSnapshotReplicaFailover StartViVMSnapshotReplicaPermanentFailover
    StartViVMSnapshotReplicaPlannedFailover StartViVMSnapshotReplicaSwitchToProductionFailback
    StartViVMSnapshotReplicaUndoFailback StartViVMSnapshotReplicaUndoFailover
    """,
    "StartEntireVmRestoreHyperV StartHvVMInstantRecovery",
    "",
    "StartDiskPublish",
)
SESSION_TYPES = _since(
    """
    Automation AzureApplianceDeploy BackgroundOperation BackupJob CloudDirectorVAppRestore
    CloudDirectorVmRestore CommitFailback ConfigurationBackup ConfigurationResynchronize DeleteBackup
    EntraIdRescanRepository EntraIdRestore Failback Failover FileLevelRestore FileServerSave
    FirstClassDiskInstantRestore FirstClassDiskQuickMigration Infrastructure InfrastructureItemDeletion
    InstantRecovery LinuxFileLevelRestore MalwareDetection NasRestore PermanentFailover PlannedFailover
    PublishBackupContentViaMount QuickMigration ReplicaJob RepositoryEvacuate RepositoryMaintenance RestoreVm
    SecurityComplianceAnalyzer SureBackup SwitchReplicaToProduction UndoFailback UndoFailover
    UnstructuredDataBrowse UnstructuredDownloadMeta
    """,
    """
    AgentBackup AgentDiscovery AgentPolicy ApplianceUpdatesInstall ArchiveBackup ArchiveCopy ArchiveFreezing
    ArchiveRehydration ArchiveSync ArchiveTierDownload AzureInstantRecovery AzureInstantRecoveryMigration
    AzureInstantRecoveryMigrationUndo AzureInstantRecoveryMount AzureInstantRecoveryStart
    AzureInstantRecoveryStop AzureInstantRecoverySwitchover CheckpointRemoval CopyBackup DirectBackupSync
    EntraIdRestoreFromCopy FailoverPlan FailoverPlanTask FileBackupHealthCheck HostComponentsUpdate LogsExport
    OracleLogBackup PostgreSqlLogBackup PublishBackupContentViaNfs Retention RetrieveBackup SqlLogBackup
    TestCredentials UnstructuredDataBackupCopy VolumesDiscover
    """,
    """
    AgentOperationPurgeCache BackupCopyJob FileInstantRecovery FileInstantRecoveryMigration
    SureBackupContentScan
    """,
    """
    AdForestRestore AgentManagement AgentOperationActiveFull AgentOperationBackupNow
    AgentsRecoveryAppliancesManagement ApplicationLevelRestore BackupCacheSync BackupCopyJobParent DiskRestore
    EncryptionAnalysis EndpointBackup EndpointRestore EpAgentOperationStopBackup
    FileBackupArchiveRetrievalProlonging HaClusterEdit HaSwitchover IndexCollection InstantDiskRecovery
    IrisBackup PerVmCopyBackup PerVmMoveBackup PlatformBackupJob PlatformServiceJob PlatformSnapshotCopyJob
    PlatformSnapshotJob RestoreAgentVolumes RestoreRecoveryApplianceVolumes StorageDiscovery StorageMonitoring
    VeeamUpdaterSettingsSync
    """,
)
SESSION_STATES = _since(
    """
    Idle Pausing Postprocessing Resuming Starting Stopped Stopping WaitingRepository WaitingSlot WaitingTape
    Working
    """,
    "",
    "",
    "ActionRequired",
)
JOB_TYPES = _since(
    "Backup CloudDirectorBackup EntraIDAuditLogBackup EntraIDTenantBackup FileBackupCopy VSphereReplica",
    """
    BackupCopy EntraIDTenantBackupCopy HyperVBackup LegacyBackupCopy LinuxAgentBackup Unknown VSphereBackup
    WindowsAgentBackup
    """,
    """
    CloudBackupAWS CloudBackupAzure CloudBackupGoogle FileBackup LinuxAgentBackupServerPolicy
    LinuxAgentBackupWorkstationPolicy ObjectStorageBackup SureBackupContentScan WindowsAgentBackupServerPolicy
    WindowsAgentBackupWorkstationPolicy
    """,
    "IrisBackup NutanixAHVBackupJob ProxmoxBackupJob WindowsAgentBackupFailoverCluster",
)
MALWARE = _since(
    "Clean Suspicious Infected",
    "Informative",
)
JOB_STATUSES = _since(
    "running inactive disabled",
    "enabled stopping stopped starting",
)
RESULTS = _since("None Success Warning Failed")
WORKLOADS = _since("application cloudVm file server workstation vm")
TASK_TYPES = _since("Backup Restore Antivirus Replica")
LOG_STATUSES = _since("None Succeeded Warning Failed")
SCAN_TYPES = _since("Antivirus Yara")
SCAN_RESULTS = _since("None Clean Infected Failed Canceled Inconclusive")
SCAN_STATES = _since("NotStarted InProgress Finished")
