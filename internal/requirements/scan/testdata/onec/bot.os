#Использовать json
Клиент.Вызвать("imbot.message.add", Параметры); // Клиент.Вызвать("imbot.chat.add")
