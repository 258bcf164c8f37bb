"""The volumes that design S3 expects of a year, and what the server does with them.

`seed` fills a database of its own through the log, `large` asks it what people and programs of the designs ask.
"""
