"""GraphiQL, the in-browser editor, from files of our own: it works without any other site."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from string import Template

from app.wheels import fetch

# GraphiQL 2.4.7, React 17.0.2, graphql-ws 5.13.1, as their authors published them
_WHEEL = "graphene-django-graphiql-static"
_VERSION = "0.8"
_SHA256 = "f5a8669485fdf2ef292ad024867093d057c63d165f52a64d58f4313fd6b5e3c5"
_MEMBERS = "graphene_django_graphiql_static/static/graphene_django_graphiql_static/*"

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)

_FIRST_DOCUMENT = """\
# Ctrl-Enter runs the operation at the cursor.
# Ctrl-Space completes names.
#
# Sign up or sign in with a mutation, then put
# the access token under "Headers" below:
#   {"Authorization": "Bearer <accessToken>"}

query Trending {
  trending(window: WEEK, first: 5) {
    edges {
      score
      node {
        title
        releaseYear
      }
    }
  }
}
"""

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Projectionist</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="$assets/graphiql.min.css">
  <style>body { margin: 0 } #graphiql { height: 100vh }</style>
</head>
<body>
<div id="graphiql">Loading …</div>
<script src="$assets/react.production.min.js"></script>
<script src="$assets/react-dom.production.min.js"></script>
<script src="$assets/graphql-ws.min.js"></script>
<script src="$assets/graphiql.min.js"></script>
<script>
const address = new URL($path, location.href);
const live = new URL(address);
live.protocol = address.protocol === "https:" ? "wss:" : "ws:";

function isSubscription(params, document) {
  const operations = (document?.definitions ?? []).filter((node) => node.kind === "OperationDefinition");
  const named = operations.find((node) => node.name?.value === params.operationName);
  return (named ?? operations[0])?.operation === "subscription";
}

// The cookie's refresh token works once, so tabs take turns.
let session = null;
let refreshing = $cookie;

async function refresh() {
  const query = "mutation { refreshSession(input: {}) { session { accessToken expiresAt } } }";
  const { data } = await ask({ query }, {});
  session = data?.refreshSession.session ?? null;
}

async function authorized(headers) {
  if (Object.keys(headers).some((name) => name.toLowerCase() === "authorization")) return headers;
  if (refreshing === true || (session && Date.parse(session.expiresAt) - Date.now() < 30_000)) {
    session = null;
    refreshing = navigator.locks?.request("projectionist-refresh", refresh).catch(() => { refreshing = true; });
  }
  await refreshing;
  return session ? { ...headers, authorization: "Bearer " + session.accessToken } : headers;
}

async function ask(params, headers) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(params),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { status: response.status, body: text };
  }
}

// One socket a subscription: the headers of the moment are its connection parameters.
function watch(params, headers) {
  return {
    subscribe(observer) {
      const client = graphqlWs.createClient({ url: live.href, connectionParams: headers });
      const stop = client.subscribe(params, {
        next: (value) => observer.next(value),
        complete: () => observer.complete(),
        error: (error) => observer.error(
          error instanceof CloseEvent ? { message: "The connection closed: " + error.code + " " + error.reason } : error
        ),
      });
      return { unsubscribe() { stop(); client.dispose(); } };
    },
  };
}

function fetcher(params, { headers = {}, documentAST } = {}) {
  return isSubscription(params, documentAST)
    ? watch(params, () => authorized(headers))
    : authorized(headers).then((all) => ask(params, all));
}

ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: $document,
    defaultEditorToolsVisibility: "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
  document.getElementById("graphiql"),
);
</script>
</body>
</html>
""")


def assets(cache_dir: Path) -> dict[str, Path]:
    """The files of the page by name, fetched at the first call; raises `WheelUnavailable`."""
    folder = fetch(_WHEEL, _VERSION, _SHA256, _MEMBERS, cache_dir)
    return {file.name: file for file in sorted(folder.iterdir())}


def page(path: str = "/graphql", first_document: str = _FIRST_DOCUMENT, *, with_cookie: bool = False) -> str:
    """The editor's HTML for the endpoint at `path`, whose files are served below `path`/assets/.

    With the cookie it acts as who signed in elsewhere on this site.
    """
    return _PAGE.substitute(
        assets=f"{path}/assets",
        path=_script(path),
        document=_script(first_document),
        cookie=_script(with_cookie),
    )


def policy(html: str) -> str:
    """The Content-Security-Policy of the page: its own files and its own script, and nothing from elsewhere."""
    digests = [b64encode(sha256(text.encode()).digest()).decode() for text in _INLINE.findall(html)]
    scripts = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in digests)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _script(value: str | bool) -> str:
    # a "</script>" inside a string would end the element
    return json.dumps(value).replace("<", "\\u003c")
