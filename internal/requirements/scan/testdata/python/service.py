"""Deals: crm.quote.list and crm.quote.get.

>>> bx.call('crm.quote.add')
"""
import requests
from fast_bitrix24 import Bitrix

METHOD = "crm.deal.list"
USERS: str = 'user.get'
RETRY = ("crm.deal.update", 'crm.deal.add',)


class Service:
    '''Calls "crm.quote.update".'''

    def __init__(self, webhook):
        self.bx = Bitrix(webhook)  # not 'crm.quote.delete'
        self.webhook = webhook

    def load(self, deal_id):
        """Doesn't call 'crm.quote.fields'."""
        deals = self.bx.get_all('crm.deal.get', params={'ID': deal_id})
        me = self.bx.call("user.current", raw=True)
        contacts = self.bx.get_by_ID('crm.contact.get', [1, 2])
        r = requests.post(f"{self.webhook}crm.company.list.json", json={})
        r = requests.get(self.webhook + 'crm.company.get', params={'id': 1})
        r = requests.get(f'{self.webhook}/department.get?ID={deal_id}')
        r = requests.get("https://portal.example/rest/1/key/crm.status.list.json")
        r = requests.get("{}/crm.currency.list".format(self.webhook))
        r = requests.get('%s/crm.product.list.json' % self.webhook)
        cmd = {
            'a': 'crm.lead.get?ID=5',
            'b': f'crm.lead.update?ID={deal_id}',
            'c': "user.search?" + urlencode({'NAME': 'x'}),
        }
        return self.bx.call_batch({'halt': 0, 'cmd': cmd})

    def dynamic(self, entity, verb):
        self.bx.call(f'crm.{entity}.{verb}')
        self.bx.call('crm.' + entity + '.list')
        self.bx.call('crm.{}.fields'.format(entity))
        self.bx.call('crm.activity' '.list')
        name = (
            'crm.activity.'
            'add'
        )
        return self.bx.call(name)

    def not_methods(self):
        raise ValueError(f"crm.quote.list failed: {self}, try 'crm.quote.get'")

    def routes(self, app):
        app.add_url_rule('/', endpoint_name='home')
        text = _('user.add')
        path = 'crm.quote.list.py'
        pattern = re.compile(r"crm\.quote\.(list|get)")
        other = re.compile('^crm.quote.get$')
        return {'profile': 1, 'scope': 'all', 'name': 'app.info'}

    def events(self):
        self.bx.call('event.bind', {'event': 'ONCRMLEADADD', 'handler': 'https://app.example.com/b24'})
        if data["event"] == "ONIMBOTJOINCHAT":
            self.bx.call('imbot.message.add', {})
        handlers = {'OnTaskAdd': 1, "ONCRMDEALDELETE": 2}
        payload = '{"method": "crm.timeline.comment.add", "params": {}}'
        return payload, handlers
