output "name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "oidc_issuer" {
  description = "Issuer of the service accounts' tokens."
  value       = aws_eks_cluster.this.identity[0].oidc[0].issuer
}

output "repository_url" {
  description = "Where the image is pushed to."
  value       = aws_ecr_repository.parley.repository_url
}

output "repository_arn" {
  description = "The same, for policies."
  value       = aws_ecr_repository.parley.arn
}

# What the tests look at.
output "shape" {
  description = "What matters of the cluster and its nodes."
  value = {
    subnets        = aws_eks_cluster.this.vpc_config[0].subnet_ids
    public_api     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    secrets_key    = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn
    logs           = aws_eks_cluster.this.enabled_cluster_log_types
    node_subnets   = aws_eks_node_group.this.subnet_ids
    nodes          = aws_eks_node_group.this.scaling_config[0].min_size
    node_groups    = aws_launch_template.nodes.vpc_security_group_ids
    metadata       = aws_launch_template.nodes.metadata_options[0].http_tokens
    disks          = aws_launch_template.nodes.block_device_mappings[0].ebs[0].encrypted
    images_mutable = aws_ecr_repository.parley.image_tag_mutability
    images_scanned = aws_ecr_repository.parley.image_scanning_configuration[0].scan_on_push
    images_key     = aws_ecr_repository.parley.encryption_configuration[0].kms_key
    access         = { for name, entry in aws_eks_access_entry.this : name => entry.kubernetes_groups }
  }
}
