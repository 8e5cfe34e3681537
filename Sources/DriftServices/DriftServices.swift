// DriftServices
