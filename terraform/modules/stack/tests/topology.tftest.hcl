# The topology of an environment, asserted on what Terraform would make. The provider is a mock: nothing is created, ids are invented.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_resource "aws_eks_cluster" {
    defaults = { identity = [{ oidc = [{ issuer = "https://oidc.example.org/id/EXAMPLE" }] }] }
  }
}

variables {
  environment          = "prod"
  region               = "eu-central-1"
  zones                = ["eu-central-1a", "eu-central-1b"]
  host                 = "chat.example.org"
  repository           = "example/parley"
  pipeline_environment = "production"
  alarm_email          = "operations@example.org"
  budget_usd           = 900
}

# One run: every run starts the provider anew for each module.
run "topology" {
  # Network.
  assert {
    condition     = module.network.cidr == "10.0.0.0/16"
    error_message = "The VPC is 10.0.0.0/16."
  }
  assert {
    condition     = length([for one in module.network.subnets : one if one.public]) == 2 && length([for one in module.network.subnets : one if !one.public]) == 2
    error_message = "Two public and two private subnets."
  }
  assert {
    condition     = alltrue([for public in [true, false] : length(toset([for one in module.network.subnets : one.zone if one.public == public])) == 2])
    error_message = "The subnets of each kind are in two zones."
  }
  assert {
    condition     = length(toset([for one in module.network.subnets : one.cidr])) == 4 && alltrue([for one in module.network.subnets : startswith(one.cidr, "10.0.")])
    error_message = "The subnets' addresses differ and are the VPC's."
  }
  assert {
    condition     = alltrue([for one in module.network.subnets : !one.public_ip])
    error_message = "No subnet gives out public addresses by itself."
  }
  assert {
    condition     = alltrue([for one in module.network.subnets : contains(values(module.network.nat_gateway_ids), one.route) if !one.public])
    error_message = "Private subnets go out through NAT."
  }
  assert {
    condition     = alltrue([for one in module.network.subnets : one.route == module.network.nat_gateway_ids[one.zone] if !one.public])
    error_message = "Each zone uses its own NAT gateway, so that one zone's loss leaves the other its way out."
  }

  # Who may reach whom.
  assert {
    condition     = length(module.security.group_ids) >= 5
    error_message = "Five or more security groups."
  }
  assert {
    condition     = alltrue([for rule in module.security.ingress : rule.group == module.security.group_ids["alb"] if rule.cidr != null])
    error_message = "Only the load balancer lets addresses in; everything else names groups."
  }
  assert {
    condition     = toset([for rule in module.security.ingress : rule.low if rule.cidr == "0.0.0.0/0"]) == toset([80, 443])
    error_message = "The world reaches 80 and 443."
  }
  assert {
    condition     = alltrue([for rule in module.security.ingress : rule.low == rule.high && rule.low == 5432 && rule.from == module.security.group_ids["nodes"] if rule.group == module.security.group_ids["database"]]) && anytrue([for rule in module.security.ingress : rule.group == module.security.group_ids["database"]])
    error_message = "Only nodes reach the database, and only its port."
  }
  assert {
    condition     = alltrue([for rule in module.security.ingress : rule.low == rule.high && rule.low == 6379 && rule.from == module.security.group_ids["nodes"] if rule.group == module.security.group_ids["redis"]]) && anytrue([for rule in module.security.ingress : rule.group == module.security.group_ids["redis"]])
    error_message = "Only nodes reach Redis, and only its port."
  }
  assert {
    condition     = toset([for rule in module.security.ingress : rule.low if rule.group == module.security.group_ids["nodes"] && rule.from == module.security.group_ids["alb"]]) == toset([8080, 9090])
    error_message = "The load balancer reaches the pods' HTTP and health ports and no other."
  }
  assert {
    condition     = alltrue([for rule in module.security.egress : rule.to != null if !contains([module.security.group_ids["nodes"]], rule.group)])
    error_message = "Only nodes go out to the world."
  }
  assert {
    condition     = length([for rule in module.security.egress : rule if contains([module.security.group_ids["database"], module.security.group_ids["redis"]], rule.group)]) == 0
    error_message = "Database and Redis call nobody."
  }

  # Cluster.
  assert {
    condition     = toset(module.eks.shape.node_subnets) == toset(module.network.private_subnet_ids) && toset(module.eks.shape.subnets) == toset(module.network.private_subnet_ids)
    error_message = "Nodes and the API's interfaces are in the private subnets."
  }
  assert {
    condition     = module.eks.shape.nodes == 2 && !module.eks.shape.public_api
    error_message = "Two nodes; the API is not reached from outside unless addresses are named."
  }
  assert {
    condition     = module.eks.shape.secrets_key == module.security.kms_key_arn && module.eks.shape.disks == "true" && module.eks.shape.images_key == module.security.kms_key_arn
    error_message = "Secrets, disks and images are encrypted."
  }
  assert {
    condition     = module.eks.shape.metadata == "required" && toset(module.eks.shape.node_groups) == toset([module.security.group_ids["nodes"]])
    error_message = "Nodes have the nodes' group and version 2 of the metadata service only."
  }
  assert {
    condition     = contains(module.eks.shape.logs, "audit") && module.eks.shape.images_mutable == "IMMUTABLE" && module.eks.shape.images_scanned
    error_message = "The audit log is on; images are scanned and cannot be replaced."
  }
  assert {
    condition     = module.eks.shape.access == { administrator = toset(["parley-administrators"]), deploy = toset(["parley-cicd"]) }
    error_message = "Administrators and the pipeline have their groups."
  }

  # Database.
  assert {
    condition     = length(module.data.database) == 2 && module.data.database[1].source == module.data.database[0].id
    error_message = "A primary and a read replica of it."
  }
  assert {
    condition     = alltrue([for one in module.data.database : !one.public])
    error_message = "No database is public."
  }
  assert {
    condition     = alltrue([for one in module.data.database : one.encrypted && one.key == module.security.kms_key_arn])
    error_message = "Databases are encrypted with our key."
  }
  assert {
    condition     = alltrue([for one in module.data.database : one.backups >= 7 && one.protected && one.class == "db.t3.medium"])
    error_message = "db.t3.medium, seven days of backups, deletion protection."
  }
  assert {
    condition     = alltrue([for one in module.data.database : toset(one.groups) == toset([module.security.group_ids["database"]])])
    error_message = "Databases have the database's group only."
  }
  assert {
    condition     = module.data.database_primary.engine == "postgres" && startswith(module.data.database_primary.version, "15") && module.data.database_primary.multi_az
    error_message = "PostgreSQL 15 over two zones."
  }
  assert {
    condition     = module.data.database_primary.managed_password && module.data.database_primary.plain_password == null
    error_message = "The password is Secrets Manager's, never ours."
  }
  assert {
    condition     = module.data.database_primary.parameters["rds.force_ssl"] == "1" && module.data.database_primary.parameters["synchronous_commit"] == "on"
    error_message = "TLS is forced, and a commit is durable."
  }
  assert {
    condition     = toset(module.data.database_primary.subnets) == toset(module.network.private_subnet_ids) && module.data.database_primary.final_snapshot
    error_message = "In the private subnets, with a last snapshot."
  }

  # Redis.
  assert {
    condition     = startswith(module.data.redis.version, "7") && module.data.redis.nodes == 2 && module.data.redis.failover && module.data.redis.multi_az
    error_message = "Redis 7 with a replica and automatic fail-over."
  }
  assert {
    condition     = module.data.redis.transit && module.data.redis.mode == "required" && module.data.redis.auth
    error_message = "TLS and AUTH."
  }
  assert {
    condition     = module.data.redis.at_rest && module.data.redis.key == module.security.kms_key_arn && alltrue([for key in module.data.redis.secret_by : key == module.security.kms_key_arn])
    error_message = "Redis and the secrets are encrypted with our key."
  }
  assert {
    condition     = toset(module.data.redis.groups) == toset([module.security.group_ids["redis"]]) && toset(module.data.redis.subnets) == toset(module.network.private_subnet_ids)
    error_message = "In the private subnets, with its own group."
  }

  # Edge.
  assert {
    condition     = toset(module.edge.shape.subnets) == toset(module.network.public_subnet_ids) && toset(module.edge.shape.groups) == toset([module.security.group_ids["alb"]])
    error_message = "The load balancer is in the public subnets with its own group."
  }
  assert {
    condition     = module.edge.shape.https == "HTTPS" && startswith(module.edge.shape.tls, "ELBSecurityPolicy-TLS13") && module.edge.shape.plain == "redirect"
    error_message = "TLS 1.2 or newer; plain HTTP is only a redirect."
  }
  assert {
    condition     = module.edge.shape.idle >= 3600 && module.edge.shape.health == "/readyz" && module.edge.shape.logs_private
    error_message = "An hour for idle WebSockets, readiness as health, private logs."
  }

  # Roles.
  assert {
    condition     = module.security.kms_key_rotates
    error_message = "The key is replaced every year."
  }
  assert {
    condition     = module.identity.trust["parley"][0].Condition.StringEquals["oidc.example.org/id/EXAMPLE:sub"] == "system:serviceaccount:chat-app-prod:parley"
    error_message = "Only the broker's service account takes on the broker's role."
  }
  assert {
    condition     = module.identity.trust["deploy"][0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == "repo:example/parley:environment:production"
    error_message = "Only this repository's production environment deploys."
  }
  assert {
    condition     = module.identity.trust["administrator"][0].Condition.Bool["aws:MultiFactorAuthPresent"] == "true"
    error_message = "Administrators need a second factor."
  }
  assert {
    condition     = toset(module.identity.policies["parley"][0].Resource) == toset(module.data.secret_arns) && !contains(flatten([for one in module.identity.policies["parley"] : one.Resource]), "*")
    error_message = "The broker reads its own secrets and nothing else."
  }
  assert {
    condition     = alltrue([for one in module.identity.policies["deploy"] : one.Resource != "*" || one.Action == ["ecr:GetAuthorizationToken"] if one.Effect == "Allow"])
    error_message = "The pipeline that deploys may no more than it must."
  }
  assert {
    condition     = anytrue([for one in module.identity.policies["terraform"] : one.Effect == "Deny" && contains(flatten([one.Action]), "iam:CreateAccessKey")])
    error_message = "No pipeline makes access keys."
  }
  assert {
    condition     = toset([for one in module.identity.attached : one if startswith(one, "nodes/")]) == toset(["nodes/AmazonEKSWorkerNodePolicy", "nodes/AmazonEKS_CNI_Policy", "nodes/AmazonEC2ContainerRegistryReadOnly", "nodes/AmazonSSMManagedInstanceCore"])
    error_message = "Nodes have these four policies."
  }

  # Watched.
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) >= 6 && alltrue([for one in aws_cloudwatch_metric_alarm.this : contains(one.alarm_actions, aws_sns_topic.alarms.arn)])
    error_message = "Alarms reach somebody."
  }
  assert {
    condition     = aws_budgets_budget.monthly.limit_amount == "900" && length(aws_budgets_budget.monthly.notification) == 2
    error_message = "A budget with warnings."
  }
}

run "another_environment_is_refused" {
  command = plan
  variables {
    environment = "production"
  }
  expect_failures = [var.environment]
}

run "the_api_is_not_for_the_world" {
  command = plan
  module {
    source = "../eks"
  }
  variables {
    name                   = "chat-app-prod"
    private_subnet_ids     = ["subnet-1", "subnet-2"]
    cluster_group_id       = "sg-1"
    nodes_group_id         = "sg-2"
    cluster_role_arn       = "arn:aws:iam::111122223333:role/cluster"
    nodes_role_arn         = "arn:aws:iam::111122223333:role/nodes"
    administrator_role_arn = "arn:aws:iam::111122223333:role/administrator"
    access                 = {}
    api_cidrs              = ["0.0.0.0/0"]
    instance_types         = ["t3.medium"]
    nodes_max              = 4
    deletion_protection    = true
    kms_key_arn            = "arn:aws:kms:eu-central-1:111122223333:key/example"
  }
  expect_failures = [var.api_cidrs]
}
