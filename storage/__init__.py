"""Files to logs: the segmented log store, synchronous and deterministic."""
