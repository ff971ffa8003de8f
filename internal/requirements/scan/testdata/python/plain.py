# Nothing here is about a portal.
class Registry:
    permissions = ['user.add', 'user.update', 'department.get']

    def check(self, user):
        return user.has_perm('user.update') or _('user.fields')

    def emit(self):
        bus.publish('calendar.event.add', topic='event.test')
        logging.getLogger('app.info')
        return settings['entity.get'], translate("lists.add")


self.crm.deal.list()
