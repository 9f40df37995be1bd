"""Networks that several applications train."""
