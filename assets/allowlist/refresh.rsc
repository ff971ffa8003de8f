{{range .Comments}}# {{.}}
{{end}}
{
:local want [:toarray ""]
:foreach url in={ {{- range $i, $u := .URLs}}{{if $i}};{{end}}{{$u}}{{end -}} } do={
  :local answer [/tool fetch url=$url output=user as-value check-certificate=yes]
  :local list ([:deserialize from=json value=($answer->"data")]->"nodes")
  :if (([:typeof $list] != "array") or ([:len $list] = 0) or ([:len $list] > 4096)) do={ :error "BoxReady: no list of addresses, the old one stays" }
  :foreach node in=$list do={
    :local address $node
    :local slash [:find $node "/"]
    :if ([:typeof $slash] = "num") do={
      :set address [:pick $node 0 $slash]
      :local length [:tonum [:pick $node ($slash + 1) [:len $node]]]
      :if (([:typeof $length] != "num") or ($length < 16)) do={ :error "BoxReady: not a network, the old list stays" }
    }
    :if ([:typeof [:toip6 $address]] != "ip6") do={
      :local ip [:toip $address]
      :if ([:typeof $ip] != "ip") do={ :error "BoxReady: not an address, the old list stays" }
      :foreach never in={ {{- range $i, $n := .Never4}}{{if $i}};{{end}}{{$n}}{{end -}} } do={
        :if ($ip in $never) do={ :error "BoxReady: not an address of the internet, the old list stays" }
      }
      :set want ($want , $node)
    }
  }
}
:if ([:len $want] = 0) do={ :error "BoxReady: no list of addresses, the old one stays" }
:foreach node in=$want do={
  :if ([:len [/ip firewall address-list find where list=boxready-nodes address=$node]] = 0) do={
    /ip firewall address-list add list=boxready-nodes address=$node comment="BoxReady nodes"
  }
}
:foreach entry in=[/ip firewall address-list find where list=boxready-nodes] do={
  :if ([:typeof [:find $want [/ip firewall address-list get $entry address]]] != "num") do={
    /ip firewall address-list remove $entry
  }
}
}
