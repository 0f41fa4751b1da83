# Apart, because the pods' roles need the cluster and the cluster needs the services' roles.
output "service_role_arns" {
  description = "Roles of AWS's services: cluster, nodes, flow-log, rds-monitoring."
  value       = { for name, role in aws_iam_role.service : name => role.arn }
}

output "people_role_arns" {
  description = "Roles of administrators and pipelines: administrator, deploy, terraform."
  value = merge(
    { for name, role in aws_iam_role.pipeline : name => role.arn },
    { administrator = aws_iam_role.administrator.arn },
  )
}

output "pod_role_arns" {
  description = "Roles of pods by service account: parley, external-secrets."
  value       = { for name, role in aws_iam_role.pod : name => role.arn }
}

# What the tests look at.
output "trust" {
  description = "Who may take on each role."
  value = merge(
    { for name, role in aws_iam_role.service : name => jsondecode(role.assume_role_policy).Statement },
    { for name, role in aws_iam_role.pod : name => jsondecode(role.assume_role_policy).Statement },
    { for name, role in aws_iam_role.pipeline : name => jsondecode(role.assume_role_policy).Statement },
    { administrator = jsondecode(aws_iam_role.administrator.assume_role_policy).Statement },
  )
}

output "policies" {
  description = "The inline policies by role."
  value = merge(
    { for name, policy in aws_iam_role_policy.pod : name => jsondecode(policy.policy).Statement },
    { deploy = jsondecode(aws_iam_role_policy.deploy.policy).Statement, terraform = jsondecode(aws_iam_role_policy.terraform.policy).Statement },
  )
}

output "attached" {
  description = "The managed policies by role, as role/policy."
  value       = keys(aws_iam_role_policy_attachment.service)
}
