from b24pysdk import Client

client = Client(token)
crm = client.crm
crm.contact.add(fields={})
deals = client.crm.deal
deals.list()
user = client.user.current()
user.get()


class Service:
    def __init__(self, client):
        self.tasks = client.tasks

    def load(self):
        return self.tasks.task.get(task_id=1)
