#!/bin/bash
# curl https://portal.example.com/rest/1/abc/crm.lead.get
set -eu
WEBHOOK=https://portal.example.com/rest/1/abc
METHOD="crm.deal.list"
curl -s "$WEBHOOK/crm.company.list.json" -d 'select[]=ID' | jq -r '.result[].ID' > crm.txt
curl -s https://portal.example.com/rest/1/abc/user.get.json | jq '.result'
curl "$WEBHOOK/batch" -d '{"halt":0,"cmd":{"a":"crm.contact.list?start=0"}}'
local method="tasks.task.list"
echo "done: crm.quote.list"
