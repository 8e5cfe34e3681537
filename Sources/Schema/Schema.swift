func probe() -> Int { PackageResources.m0001_initial_sql.count }
