# Who may reach whom, and the key that everything at rest is encrypted with. Rules name groups, never addresses; only the load balancer is open
# to the world.

locals {
  groups = {
    alb      = "Load balancer: the only one that the world reaches"
    cluster  = "Kubernetes API"
    nodes    = "Worker nodes and their pods"
    database = "PostgreSQL"
    redis    = "Redis"
  }

  # from -> to: ports. Everything else is closed.
  paths = {
    alb_to_nodes_http      = { from = "alb", to = "nodes", low = 8080, high = 8080, what = "HTTP and WebSocket" }
    alb_to_nodes_ready     = { from = "alb", to = "nodes", low = 9090, high = 9090, what = "Health checks" }
    nodes_to_nodes         = { from = "nodes", to = "nodes", low = 0, high = 65535, what = "Pods among themselves; NetworkPolicies decide" }
    nodes_to_cluster       = { from = "nodes", to = "cluster", low = 443, high = 443, what = "Kubernetes API" }
    cluster_to_nodes       = { from = "cluster", to = "nodes", low = 10250, high = 10250, what = "kubelet" }
    cluster_to_nodes_hooks = { from = "cluster", to = "nodes", low = 443, high = 443, what = "Admission web hooks" }
    nodes_to_database      = { from = "nodes", to = "database", low = 5432, high = 5432, what = "PostgreSQL" }
    nodes_to_redis         = { from = "nodes", to = "redis", low = 6379, high = 6379, what = "Redis" }
  }
}

resource "aws_security_group" "this" {
  for_each    = local.groups
  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-${each.key}" }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "path" {
  for_each                     = local.paths
  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.low
  to_port                      = each.value.high
  description                  = each.value.what
}

resource "aws_vpc_security_group_egress_rule" "path" {
  for_each                     = local.paths
  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.low
  to_port                      = each.value.high
  description                  = each.value.what
}

# Pods ask for names over UDP.
resource "aws_vpc_security_group_ingress_rule" "dns" {
  security_group_id            = aws_security_group.this["nodes"].id
  referenced_security_group_id = aws_security_group.this["nodes"].id
  ip_protocol                  = "udp"
  from_port                    = 53
  to_port                      = 53
  description                  = "Names"
}

resource "aws_vpc_security_group_egress_rule" "dns" {
  security_group_id            = aws_security_group.this["nodes"].id
  referenced_security_group_id = aws_security_group.this["nodes"].id
  ip_protocol                  = "udp"
  from_port                    = 53
  to_port                      = 53
  description                  = "Names"
}

# The world comes in at the load balancer and nowhere else.
resource "aws_vpc_security_group_ingress_rule" "world" {
  for_each          = { https = 443, redirect = 80 }
  security_group_id = aws_security_group.this["alb"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  description       = "The world, ${each.key}"
}

# Nodes fetch images and speak to AWS through NAT.
resource "aws_vpc_security_group_egress_rule" "nodes_out" {
  security_group_id = aws_security_group.this["nodes"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "Registries and AWS, through NAT"
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: everything at rest"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${var.account_id}:*" } }
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
