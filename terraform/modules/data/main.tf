# PostgreSQL with a standby in another zone and a read replica, Redis with a replica, and the entry of secrets that the broker reads.

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.private_subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres15"

  # Nobody speaks to it in the clear.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
  # A commit is acknowledged when it is on disk: never turn this off.
  parameter {
    name  = "synchronous_commit"
    value = "on"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "primary" {
  identifier     = var.name
  engine         = "postgres"
  engine_version = "15"
  instance_class = var.database_class
  db_name        = "parley"
  username       = "parley_admin"
  port           = 5432

  # The password is made, kept and replaced by Secrets Manager; Terraform never sees it.
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.kms_key_arn

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.database_group_id]
  publicly_accessible    = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  storage_type          = "gp3"
  allocated_storage     = var.database_storage_gb
  max_allocated_storage = var.database_storage_gb * 5
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  backup_retention_period   = 7
  backup_window             = "02:00-03:00"
  maintenance_window        = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  auto_minor_version_upgrade          = true
  iam_database_authentication_enabled = true
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = var.kms_key_arn
  monitoring_interval                 = 60
  monitoring_role_arn                 = var.monitoring_role_arn
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
}

# For reports and for a region's loss; the broker itself reads and writes on the primary.
resource "aws_db_instance" "replica" {
  count                               = var.read_replica ? 1 : 0
  identifier                          = "${var.name}-replica"
  replicate_source_db                 = aws_db_instance.primary.identifier
  instance_class                      = var.database_class
  vpc_security_group_ids              = [var.database_group_id]
  publicly_accessible                 = false
  parameter_group_name                = aws_db_parameter_group.this.name
  storage_encrypted                   = true
  kms_key_id                          = var.kms_key_arn
  backup_retention_period             = 7
  deletion_protection                 = var.deletion_protection
  skip_final_snapshot                 = true
  auto_minor_version_upgrade          = true
  iam_database_authentication_enabled = true
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = var.kms_key_arn
  monitoring_interval                 = 60
  monitoring_role_arn                 = var.monitoring_role_arn
}

resource "aws_elasticache_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.private_subnet_ids
}

# AUTH: Secrets Manager makes one; it is read at the first apply only (see ignore_changes) and kept in the encrypted state and in the entry below.
data "aws_secretsmanager_random_password" "redis" {
  password_length     = 48
  exclude_punctuation = true
}

# It holds only what may be lost: no snapshots.
resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "Parley: entries between replicas, presence, rates"
  engine                     = "redis"
  engine_version             = "7.1"
  node_type                  = var.redis_type
  port                       = 6379
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [var.redis_group_id]
  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token                 = data.aws_secretsmanager_random_password.redis.random_password
  auth_token_update_strategy = "ROTATE"
  snapshot_retention_limit   = 0
  maintenance_window         = "sun:04:30-sun:05:30"
  auto_minor_version_upgrade = true

  lifecycle {
    ignore_changes = [auth_token]
  }
}

resource "aws_secretsmanager_secret" "redis" {
  name                    = "${var.secrets_path}/redis"
  description             = "Redis AUTH"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "redis" {
  secret_id = aws_secretsmanager_secret.redis.id
  secret_string = jsonencode({
    url = "rediss://:${data.aws_secretsmanager_random_password.redis.random_password}@${aws_elasticache_replication_group.this.primary_endpoint_address}:6379"
  })
  lifecycle {
    ignore_changes = [secret_string]
  }
}

# What the broker reads: database-url, redis-url, token.keys. An operator fills it (docs/operations.md), so that none of it is in the state.
resource "aws_secretsmanager_secret" "parley" {
  name                    = "${var.secrets_path}/parley"
  description             = "The broker's database-url, redis-url and token.keys"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 30
}
