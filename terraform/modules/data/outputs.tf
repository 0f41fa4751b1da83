output "database_id" {
  description = "For alarms."
  value       = aws_db_instance.primary.identifier
}

output "database_address" {
  description = "Host of the primary."
  value       = aws_db_instance.primary.address
}

output "redis_address" {
  description = "Host of the Redis primary; it follows a fail-over."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "redis_id" {
  description = "For alarms."
  value       = aws_elasticache_replication_group.this.replication_group_id
}

output "secret_arns" {
  description = "What the broker's role may read."
  value       = [aws_secretsmanager_secret.parley.arn, aws_secretsmanager_secret.redis.arn]
}

# What the tests look at.
output "database" {
  description = "What matters of the databases: the primary and, where there is one, the replica."
  value = [for one in concat([aws_db_instance.primary], aws_db_instance.replica) : {
    id         = one.identifier
    class      = one.instance_class
    public     = one.publicly_accessible
    encrypted  = one.storage_encrypted
    key        = one.kms_key_id
    backups    = one.backup_retention_period
    protected  = one.deletion_protection
    groups     = one.vpc_security_group_ids
    source     = one.replicate_source_db
    parameters = one.parameter_group_name
  }]
}

output "database_primary" {
  description = "What only the primary has."
  value = {
    engine           = aws_db_instance.primary.engine
    version          = aws_db_instance.primary.engine_version
    multi_az         = aws_db_instance.primary.multi_az
    managed_password = aws_db_instance.primary.manage_master_user_password
    plain_password   = aws_db_instance.primary.password
    subnet_group     = aws_db_instance.primary.db_subnet_group_name
    subnets          = aws_db_subnet_group.this.subnet_ids
    final_snapshot   = !aws_db_instance.primary.skip_final_snapshot
    parameters       = { for one in aws_db_parameter_group.this.parameter : one.name => one.value }
  }
}

output "redis" {
  description = "What matters of Redis."
  value = {
    version   = aws_elasticache_replication_group.this.engine_version
    nodes     = aws_elasticache_replication_group.this.num_cache_clusters
    failover  = aws_elasticache_replication_group.this.automatic_failover_enabled
    multi_az  = aws_elasticache_replication_group.this.multi_az_enabled
    at_rest   = aws_elasticache_replication_group.this.at_rest_encryption_enabled
    key       = aws_elasticache_replication_group.this.kms_key_id
    transit   = aws_elasticache_replication_group.this.transit_encryption_enabled
    mode      = aws_elasticache_replication_group.this.transit_encryption_mode
    auth      = nonsensitive(try(length(aws_elasticache_replication_group.this.auth_token) > 0, false))
    groups    = aws_elasticache_replication_group.this.security_group_ids
    subnets   = aws_elasticache_subnet_group.this.subnet_ids
    secret_by = [aws_secretsmanager_secret.parley.kms_key_id, aws_secretsmanager_secret.redis.kms_key_id]
  }
}
