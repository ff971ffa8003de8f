const x = <p>The users' deals aren't here</p>; call<Deal>('crm.deal.update')
switch (x) { case'crm.lead.add': break }
