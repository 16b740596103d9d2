from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        value = self.rfile.read(int(self.headers["Content-Length"]))
        print("invoice", self.headers["Boostd-Topic"], self.headers["Boostd-Level"], value)
        self.send_response(204)
        self.end_headers()

ThreadingHTTPServer(("127.0.0.1", 9000), Handler).serve_forever()
