"""The HTTP API: what each route does with a request, and what it answers.

A function imports the module of its route, and with it no more than the route needs.
"""
