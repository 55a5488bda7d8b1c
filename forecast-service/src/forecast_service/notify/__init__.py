"""Telling people outside: alerts and what happens to models and settlements, to webhooks, in four shapes.

    sources.py (Kafka, tables) → outbox.py (one row a target and event) → deliver.py → post.py → a webhook

What is told stands in ``events.py``, how in ``shapes.py``; ``address.py`` decides where a request may go at all.
Delivered at least once; ``webhook-id`` (and PagerDuty's ``dedup_key``) is the same at every try.
"""
