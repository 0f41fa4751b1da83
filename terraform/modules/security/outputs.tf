output "group_ids" {
  description = "The security groups by name: alb, cluster, nodes, database, redis."
  value       = { for name, group in aws_security_group.this : name => group.id }
}

output "kms_key_arn" {
  description = "The key for everything at rest."
  value       = aws_kms_key.this.arn
}

output "kms_key_rotates" {
  description = "Whether the key is replaced every year."
  value       = aws_kms_key.this.enable_key_rotation
}

# What the tests look at: every rule that lets somebody in or out.
output "ingress" {
  description = "Who may come in where: group, from (a group's id or addresses), ports."
  value = concat(
    [for rule in aws_vpc_security_group_ingress_rule.path : {
      group = rule.security_group_id, from = rule.referenced_security_group_id, cidr = rule.cidr_ipv4, low = rule.from_port, high = rule.to_port
    }],
    [for rule in aws_vpc_security_group_ingress_rule.world : {
      group = rule.security_group_id, from = rule.referenced_security_group_id, cidr = rule.cidr_ipv4, low = rule.from_port, high = rule.to_port
    }],
    [{
      group = aws_vpc_security_group_ingress_rule.dns.security_group_id, from = aws_vpc_security_group_ingress_rule.dns.referenced_security_group_id,
      cidr  = aws_vpc_security_group_ingress_rule.dns.cidr_ipv4, low = 53, high = 53
    }],
  )
}

output "egress" {
  description = "Who may go out where."
  value = concat(
    [for rule in aws_vpc_security_group_egress_rule.path : {
      group = rule.security_group_id, to = rule.referenced_security_group_id, cidr = rule.cidr_ipv4, low = rule.from_port, high = rule.to_port
    }],
    [{
      group = aws_vpc_security_group_egress_rule.nodes_out.security_group_id, to = null,
      cidr  = aws_vpc_security_group_egress_rule.nodes_out.cidr_ipv4, low = 443, high = 443
    }],
  )
}
