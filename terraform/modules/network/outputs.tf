output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "public_subnet_ids" {
  description = "For the load balancer only."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "For nodes, database and Redis."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

# What the tests look at.
output "subnets" {
  description = "Every subnet: whether it is public, its zone, its addresses and where its default route leads."
  value = merge(
    { for zone, subnet in aws_subnet.public : "public-${zone}" => {
      public = true, zone = subnet.availability_zone, cidr = subnet.cidr_block, public_ip = subnet.map_public_ip_on_launch, route = "internet"
    } },
    { for zone, subnet in aws_subnet.private : "private-${zone}" => {
      public    = false, zone = subnet.availability_zone, cidr = subnet.cidr_block,
      public_ip = subnet.map_public_ip_on_launch, route = aws_route.nat[zone].nat_gateway_id
    } },
  )
}

output "nat_gateway_ids" {
  description = "The NAT gateways by zone."
  value       = { for zone, gateway in aws_nat_gateway.this : zone => gateway.id }
}
