"""The same documents as a competent team would serve them: Strawberry, SQLAlchemy 2 async, a DataLoader for each relation.

What makes such a server quick is on: uvloop, httptools, orjson, parser and validation caches, prepared statements, selects
of columns instead of entities, one statement for each relation and request. It reads the same tables and says the same.
"""
