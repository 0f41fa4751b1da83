# Who may do what: the cluster, its nodes, the broker's pods (IRSA), the pipelines (OIDC, no keys), the administrators (MFA).

locals {
  managed = "arn:aws:iam::aws:policy"

  # Roles that AWS's own services take on.
  services = {
    cluster  = { service = "eks.amazonaws.com", policies = ["${local.managed}/AmazonEKSClusterPolicy"] }
    flow-log = { service = "vpc-flow-logs.amazonaws.com", policies = [] }
    rds-monitoring = {
      service = "monitoring.rds.amazonaws.com", policies = ["${local.managed}/service-role/AmazonRDSEnhancedMonitoringRole"]
    }
    nodes = {
      service = "ec2.amazonaws.com"
      policies = [
        "${local.managed}/AmazonEKSWorkerNodePolicy", "${local.managed}/AmazonEKS_CNI_Policy",
        "${local.managed}/AmazonEC2ContainerRegistryReadOnly", "${local.managed}/AmazonSSMManagedInstanceCore",
      ]
    }
  }
  service_policies = merge([for role, one in local.services : { for policy in one.policies : "${role}/${basename(policy)}" => { role = role, policy = policy } }]...)

  # Pods by service account: only that one of that namespace may take the role on.
  pods = {
    parley           = "${var.namespace}:parley"
    external-secrets = "external-secrets:external-secrets"
  }
  issuer = replace(var.oidc_issuer, "https://", "")

  # The pipelines' roles, each for one environment of the repository.
  pipelines = {
    deploy    = var.pipeline_environment
    plan      = "${var.pipeline_environment}-infrastructure-plan"
    terraform = "${var.pipeline_environment}-infrastructure"
  }
}

resource "aws_iam_role" "service" {
  for_each = local.services
  name     = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = each.value.service }, Action = "sts:AssumeRole",
    }]
  })
}

resource "aws_iam_role_policy_attachment" "service" {
  for_each   = local.service_policies
  role       = aws_iam_role.service[each.value.role].name
  policy_arn = each.value.policy
}

resource "aws_iam_role_policy" "flow_log" {
  name = "write-flow-logs"
  role = aws_iam_role.service["flow-log"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      Resource = "arn:aws:logs:${var.region}:${var.account_id}:log-group:/vpc/${var.name}:*"
    }]
  })
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url            = var.oidc_issuer
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "pod" {
  for_each = local.pods
  name     = "${var.name}-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.cluster.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:${each.value}"
        }
      }
    }]
  })
}

# Both read this environment's secrets and nothing else.
resource "aws_iam_role_policy" "pod" {
  for_each = local.pods
  name     = "read-secrets"
  role     = aws_iam_role.pod[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], Resource = var.secret_arns },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_iam_openid_connect_provider" "pipeline" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "pipeline" {
  for_each             = local.pipelines
  name                 = "${var.name}-${each.key}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.pipeline.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
          "token.actions.githubusercontent.com:sub" = "repo:${var.repository}:environment:${each.value}"
        }
      }
    }]
  })
}

# Deploying needs the cluster's address; what it may do inside is Kubernetes' RBAC (the chart's role cicd).
resource "aws_iam_role_policy" "deploy" {
  name = "deploy"
  role = aws_iam_role.pipeline["deploy"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["eks:DescribeCluster"], Resource = "arn:aws:eks:${var.region}:${var.account_id}:cluster/${var.name}" },
      { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" },
      {
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        Resource = var.repository_arn
      },
    ]
  })
}

# Planning reads everything, and writes only its plan and the lock beside the state.
resource "aws_iam_role_policy_attachment" "plan" {
  role       = aws_iam_role.pipeline["plan"].name
  policy_arn = "${local.managed}/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "plan" {
  name = "plan"
  role = aws_iam_role.pipeline["plan"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = ["s3:PutObject", "s3:DeleteObject"]
        Resource = [
          "arn:aws:s3:::${var.name}-terraform-state/plans/*",
          "arn:aws:s3:::${var.name}-terraform-state/*.tflock",
        ]
      },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = "arn:aws:kms:${var.region}:${var.account_id}:key/*" },
      {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = "arn:aws:secretsmanager:${var.region}:${var.account_id}:secret:*/redis-*"
      },
    ]
  })
}

# Terraform makes what this folder describes; it makes no users or access keys, and the limit below is on every role that it makes.
resource "aws_iam_role_policy_attachment" "terraform" {
  role       = aws_iam_role.pipeline["terraform"].name
  policy_arn = "${local.managed}/PowerUserAccess"
}

resource "aws_iam_role_policy" "terraform" {
  name = "roles-of-this-environment"
  role = aws_iam_role.pipeline["terraform"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = ["iam:*Role", "iam:*RolePolicy", "iam:*RoleTags", "iam:List*", "iam:Get*", "iam:PassRole", "iam:*OpenIDConnectProvider*"]
        Resource = [
          "arn:aws:iam::${var.account_id}:role/${var.name}-*",
          "arn:aws:iam::${var.account_id}:oidc-provider/*",
        ]
      },
      { Effect = "Deny", Action = ["iam:CreateUser", "iam:CreateAccessKey"], Resource = "*" },
      # Its own roles and the people's are changed by an administrator, not by a pipeline.
      {
        Effect = "Deny"
        Action = ["iam:AttachRolePolicy", "iam:DeleteRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"]
        Resource = [
          "arn:aws:iam::${var.account_id}:role/${var.name}-terraform",
          "arn:aws:iam::${var.account_id}:role/${var.name}-administrator",
        ]
      },
    ]
  })
}

resource "aws_iam_role" "administrator" {
  name                 = "${var.name}-administrator"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${var.account_id}:root" }
      Action    = "sts:AssumeRole"
      Condition = {
        Bool            = { "aws:MultiFactorAuthPresent" = "true" }
        NumericLessThan = { "aws:MultiFactorAuthAge" = "3600" }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "administrator" {
  role       = aws_iam_role.administrator.name
  policy_arn = "${local.managed}/AdministratorAccess"
}
