output "dns_name" {
  description = "Point the host's name here (CNAME or alias)."
  value       = aws_lb.this.dns_name
}

output "target_group_arn" {
  description = "For the chart: targetGroupBinding.targetGroupArn."
  value       = aws_lb_target_group.parley.arn
}

output "certificate_validation" {
  description = "DNS records that prove the name is yours."
  value       = aws_acm_certificate.this.domain_validation_options
}

output "arn_suffix" {
  description = "For alarms."
  value       = aws_lb.this.arn_suffix
}

output "target_group_suffix" {
  description = "For alarms."
  value       = aws_lb_target_group.parley.arn_suffix
}

# What the tests look at.
output "shape" {
  description = "What matters of the load balancer."
  value = {
    subnets      = aws_lb.this.subnets
    groups       = aws_lb.this.security_groups
    idle         = aws_lb.this.idle_timeout
    https        = aws_lb_listener.https.protocol
    tls          = aws_lb_listener.https.ssl_policy
    plain        = aws_lb_listener.redirect.default_action[0].type
    health       = aws_lb_target_group.parley.health_check[0].path
    logs_private = aws_s3_bucket_public_access_block.logs.block_public_policy && aws_s3_bucket_public_access_block.logs.restrict_public_buckets
  }
}
