"""Starts API, pages and jobs together: ports, environment, the banner, and the demo's own traffic."""
