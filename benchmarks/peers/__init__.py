"""PostGraphile, Mercurius and Apollo Server on the same tables, as people who know them well would run them.

One process each, in production mode, with prepared statements and the same access tokens. Mercurius (with JIT) and Apollo
Server share a schema, the documents and the SQL: each list is one statement with its movies, genres are batched for a
whole request. PostGraphile makes its schema of the tables and so has documents of its own; smart tags tell it the
relations of the read tables, a plugin who asks, and the rating is one statement there, too.
"""
