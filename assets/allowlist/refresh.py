#!/usr/bin/env python3
{{range .Comments}}# {{.}}
{{end}}
import ipaddress
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

URLS = [{{range .URLs}}
    {{.}},{{end}}
]
NEVER = [ipaddress.ip_network(n) for n in [{{range .Never}}
    "{{.}}",{{end}}
]]
MOST_BYTES = 1 << 20
MOST_NODES = 4096


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(url):
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "BoxReady"})
    with urllib.request.build_opener(NoRedirect).open(request, timeout=30) as answer:
        body = answer.read(MOST_BYTES + 1)
        if answer.getcode() != 200 or len(body) > MOST_BYTES:
            raise ValueError("no list")
    nodes = json.loads(body.decode("utf-8-sig"))["nodes"]
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MOST_NODES:
        raise ValueError("no list")
    return [network(node) for node in nodes]


def network(node):
    node = node.strip()
    if not re.fullmatch(r"[0-9A-Fa-f.:]+(/[0-9]+)?", node):
        raise ValueError("not an address: %.60r" % node)
    net = ipaddress.ip_network(node, strict=False)
    if net.version == 6 and net.network_address.ipv4_mapped:
        if net.prefixlen != 128:
            raise ValueError("not an address: %s" % net)
        net = ipaddress.ip_network(net.network_address.ipv4_mapped)
    if net.prefixlen < (8 if net.version == 4 else 16):
        raise ValueError("too wide: %s" % net)
    if any(net.version == never.version and net.overlaps(never) for never in NEVER):
        raise ValueError("no server on the internet sends from %s" % net)
    return net


def text(net):
    return str(net.network_address) if net.num_addresses == 1 else str(net)


def run(command, stdin=None):
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, universal_newlines=True, check=True, timeout=60).stdout

{{.Apply}}

def main():
    signal.alarm(120)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    nets = sorted({net for url in URLS for net in fetch(url)}, key=lambda net: (net.version, net))
    apply([text(net) for net in nets if net.version == 4], [text(net) for net in nets if net.version == 6])


if __name__ == "__main__":
    try:
        main()
    except Exception as problem:
        sys.exit("boxready: the old list stays: %s" % problem)
{{define "nftables"}}
def apply(v4, v6):
    lines = []
    for name, addresses in (("{{.Set4}}", v4), ("{{.Set6}}", v6)):
        lines.append("flush set inet boxready " + name)
        if addresses:
            lines.append("add element inet boxready %s { %s }" % (name, ", ".join(addresses)))
    run(["nft", "-f", "-"], "\n".join(lines) + "\n")
{{end}}{{define "ipset"}}
def apply(v4, v6):
    lines = []
    for name, family, addresses in (("boxready-{{.Set4}}", "inet", v4), ("boxready-{{.Set6}}", "inet6", v6)):
        lines += ["create %s-new hash:net family %s -exist" % (name, family), "flush %s-new" % name]
        lines += ["add %s-new %s -exist" % (name, address) for address in addresses]
        lines += ["swap %s-new %s" % (name, name), "destroy %s-new" % name]
    run(["ipset", "restore"], "\n".join(lines) + "\n")
{{end}}{{define "iptables"}}
def apply(v4, v6):
    for program, addresses in (("iptables-restore", v4), ("ip6tables-restore", v6)):
        lines = ["*filter", ":BOXREADY-NODES - [0:0]"]
        lines += ["-A BOXREADY-NODES -s %s -j ACCEPT" % address for address in addresses]
        run([program, "--noflush"], "\n".join(lines + ["COMMIT"]) + "\n")
{{end}}{{define "firewalld"}}
def apply(v4, v6):
    for name, addresses in (("boxready-{{.Set4}}", v4), ("boxready-{{.Set6}}", v6)):
        for scope in (["firewall-cmd", "--permanent"], ["firewall-cmd"]):
            there = run(scope + ["--ipset=" + name, "--get-entries"]).split()
            for address in addresses:
                if address not in there:
                    run(scope + ["--ipset=" + name, "--add-entry=" + address])
            for address in there:
                if address not in addresses:
                    run(scope + ["--ipset=" + name, "--remove-entry=" + address])
{{end}}{{define "replace"}}
def replace(path, lines):
    with open(path + ".new", "w") as new:
        new.write("".join(line + "\n" for line in lines))
    os.replace(path + ".new", path)
{{end}}{{define "list"}}{{template "replace"}}

def apply(v4, v6):
    replace(sys.argv[1], v4 + v6)
{{end}}{{define "nginx"}}{{template "replace"}}

def apply(v4, v6):
    path = sys.argv[1] if len(sys.argv) > 1 else "{{.File}}"
    with open(path) as file:
        old = file.read().splitlines()
    replace(path, ["allow %s;" % address for address in v4 + v6])
    try:
        run(["nginx", "-t"])
    except Exception:
        replace(path, old)
        raise
    run(["nginx", "-s", "reload"])
{{end}}
