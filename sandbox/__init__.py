"""Everything on one machine: the simulated Instagram, AWS on moto, and the API in front of them."""
