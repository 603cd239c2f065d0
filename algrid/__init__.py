"""algrid: an active-learning experiment grid."""
