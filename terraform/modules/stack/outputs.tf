output "cluster" {
  description = "aws eks update-kubeconfig --name …"
  value       = module.eks.name
}

output "image_repository" {
  description = "For the chart: image.repository."
  value       = module.eks.repository_url
}

output "target_group_arn" {
  description = "For the chart: targetGroupBinding.targetGroupArn."
  value       = module.edge.target_group_arn
}

output "dns_name" {
  description = "Where the host's name points."
  value       = module.edge.dns_name
}

output "certificate_validation" {
  description = "DNS records for the certificate."
  value       = module.edge.certificate_validation
}

output "database_address" {
  description = "For database-url."
  value       = module.data.database_address
}

output "redis_address" {
  description = "For redis-url."
  value       = module.data.redis_address
}

output "role_arns" {
  description = "For service accounts (parley) and workflows (deploy, terraform)."
  value       = merge(module.identity.people_role_arns, module.identity.pod_role_arns)
}
