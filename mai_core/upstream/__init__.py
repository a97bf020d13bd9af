"""Other people's services: one module each, one way to ask them."""
