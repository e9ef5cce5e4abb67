"""A believable shop to try Regulars on: a Vietnamese tea seller with three years of customers, orders and campaigns."""
