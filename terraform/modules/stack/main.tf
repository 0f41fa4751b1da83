# One environment: the six modules wired together. The environments say only what differs.

data "aws_caller_identity" "this" {}

locals {
  name       = "chat-app-${var.environment}"
  namespace  = local.name
  account_id = data.aws_caller_identity.this.account_id
}

module "network" {
  source            = "../network"
  name              = local.name
  region            = var.region
  zones             = var.zones
  nat_per_zone      = var.nat_per_zone
  log_days          = var.log_days
  kms_key_arn       = module.security.kms_key_arn
  flow_log_role_arn = module.identity.service_role_arns["flow-log"]
}

module "security" {
  source     = "../security"
  name       = local.name
  region     = var.region
  account_id = local.account_id
  vpc_id     = module.network.vpc_id
}

module "identity" {
  source               = "../identity"
  name                 = local.name
  region               = var.region
  account_id           = local.account_id
  namespace            = local.namespace
  oidc_issuer          = module.eks.oidc_issuer
  repository           = var.repository
  pipeline_environment = var.pipeline_environment
  repository_arn       = module.eks.repository_arn
  secret_arns          = module.data.secret_arns
  kms_key_arn          = module.security.kms_key_arn
}

module "eks" {
  source                 = "../eks"
  name                   = local.name
  private_subnet_ids     = module.network.private_subnet_ids
  cluster_group_id       = module.security.group_ids["cluster"]
  nodes_group_id         = module.security.group_ids["nodes"]
  cluster_role_arn       = module.identity.service_role_arns["cluster"]
  nodes_role_arn         = module.identity.service_role_arns["nodes"]
  administrator_role_arn = module.identity.people_role_arns["administrator"]
  # The groups that the chart's roles are bound to (helm/environments).
  access = {
    administrator = { role_arn = module.identity.people_role_arns["administrator"], groups = ["parley-administrators"] }
    deploy        = { role_arn = module.identity.people_role_arns["deploy"], groups = ["parley-cicd"] }
  }
  api_cidrs           = var.api_cidrs
  instance_types      = var.instance_types
  nodes               = var.nodes
  nodes_max           = var.nodes_max
  deletion_protection = var.deletion_protection
  log_days            = var.log_days
  kms_key_arn         = module.security.kms_key_arn
}

module "data" {
  source              = "../data"
  name                = local.name
  secrets_path        = "chat-app/${var.environment}"
  private_subnet_ids  = module.network.private_subnet_ids
  database_group_id   = module.security.group_ids["database"]
  redis_group_id      = module.security.group_ids["redis"]
  monitoring_role_arn = module.identity.service_role_arns["rds-monitoring"]
  kms_key_arn         = module.security.kms_key_arn
  database_class      = var.database_class
  database_storage_gb = var.database_storage_gb
  multi_az            = var.multi_az
  read_replica        = var.read_replica
  redis_type          = var.redis_type
  deletion_protection = var.deletion_protection
}

module "edge" {
  source              = "../edge"
  name                = local.name
  account_id          = local.account_id
  host                = var.host
  vpc_id              = module.network.vpc_id
  public_subnet_ids   = module.network.public_subnet_ids
  group_id            = module.security.group_ids["alb"]
  log_days            = var.log_days
  deletion_protection = var.deletion_protection
}
