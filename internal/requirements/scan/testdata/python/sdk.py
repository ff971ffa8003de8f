from b24pysdk import BitrixWebhook, Client

client = Client(BitrixWebhook(domain="portal.example", webhook_token="1/key"))

deals = client.crm.deal.list(select=["ID"]).as_list()
client.crm.item.batch_import(entity_type_id=2)
client.crm.type.get_by_entity_type_id(entity_type_id=128)
user = client.user.current()
task = self.client.tasks.task.add(fields={})
client.crm.whatever.new_thing()
config.crm.deal.get  # not called
other.user_name.get()
