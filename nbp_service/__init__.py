"""The shared exchange-rate service: one per server, so that twenty containers ask NBP once.

`python -m nbp_service`; `nbp_service.app:create_app` for another server.
"""
