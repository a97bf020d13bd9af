"""What each setting means. The English text is the setting's own description; here is the Polish one."""

from __future__ import annotations

from mai_core.language.catalogue.texts import Messages
from mai_core.settings import Settings

_POLISH = {
    "usage_summary_db": "Księga (plik SQLite).",
    "mai_data_dir": "Folder na wszystko, co powstaje w pracy; domyślnie folder pliku USAGE_SUMMARY_DB.",
    "mai_role": (
        "`client` liczy zużycie jednej organizacji, `hub` wielu; domyślnie `client`, gdy CLIENT_ORG_ID jest ustawione."
    ),
    "mai_demo": "Tryb demo: loguje bez hasła, nasłuchuje tylko na 127.0.0.1.",
    "mai_clock": "Każdy proces zaczyna od tej chwili (ISO 8601), a czas biegnie dalej.",
    "mai_secret_key": "Szyfruje przechowywane klucze; domyślnie klucz utworzony raz w MAI_DATA_DIR/secret.key.",
    "mai_public_url": "Adres, pod którym ludzie otwierają strony; używany w e-mailach i linkach.",
    "mai_webhook_url": "Adres, pod którym OpenRouter trafia do webhooka; domyślnie MAI_PUBLIC_URL/webhooks/openrouter.",
    "mai_host": "Gdzie nasłuchują API i strony; w obrazie 0.0.0.0. Demo zostaje na 127.0.0.1.",
    "api_port": "Port API.",
    "app_port": "Port stron.",
    "nbp_port": "Port usługi kursów walut.",
    "mai_api_url": "Gdzie strony znajdują API; domyślnie http://127.0.0.1:API_PORT.",
    "client_org_id": "Klient tego kontenera.",
    "organization_name": "Jego nazwa; bez niej służy identyfikator.",
    "openrouter_external_user": "Przedrostek identyfikatorów osób; przy starcie wskazuje klienta.",
    "openrouter_api_key": "Klucz OpenRouter klienta, przechowywany w postaci zaszyfrowanej.",
    "openrouter_key_hash": "Skrót, którym konto OpenRouter nazywa ten klucz.",
    "openrouter_webhook_secret": "Otwiera wejścia dla zdarzeń.",
    "openrouter_webhook_secret_previous": "Też przyjmowany, dopóki trwa wymiana sekretu.",
    "openrouter_management_key": "Klucz zarządzający OpenRouter: uzgodnienie, tworzenie kluczy.",
    "openrouter_host": "Dla starszych instalacji; OPENROUTER_API_URL ma pierwszeństwo.",
    "openrouter_api_url": "API OpenRouter.",
    "spending_limit": "Miesięczny limit klienta w USD.",
    "usage_markup_multiplier": "Narzut, gdy z klientem nie uzgodniono żadnego; domyślnie 1.3.",
    "mai_client_token": "Token API z rolą menedżera klienta CLIENT_ORG_ID.",
    "mai_operator_token": "Token API z rolą operatora.",
    "mai_token_rate": "Ile zapytań na minutę może wysłać jeden token API; kolejne dostają 429.",
    "mai_quota_fail": "Co robi filtr Open WebUI, gdy nie może zapytać o limit.",
    "database_url": "webui.db z Open WebUI: stąd nazwiska i działy.",
    "influxdb_url": "InfluxDB na surowe zdarzenia; puste: wyłączone.",
    "influxdb_token": "Token do InfluxDB.",
    "influxdb_org": "Organizacja w InfluxDB.",
    "influxdb_bucket": "Bucket lub baza w InfluxDB.",
    "influxdb_write_timeout": "Limit czasu zapisu w ms.",
    "influxdb_batch_size": "Ile punktów w jednym zapisie.",
    "nbp_service_url": "Wspólna usługa kursów walut; puste: prosto z NBP.",
    "nbp_api_url": "API NBP, podstawowy lub pełny adres.",
    "fetch_interval": "Usługa kursów: co ile sekund pyta NBP.",
    "cache_ttl": "Usługa kursów: przez ile sekund ważna jest odpowiedź, która może jeszcze się wydłużyć.",
    "daily_batch_enabled": "false: w tym procesie nie ma przebiegu dziennego.",
    "daily_batch_time": "Lokalna godzina przebiegu dziennego.",
    "daily_batch_timezone": "Strefa czasowa dla DAILY_BATCH_TIME.",
    "mai_batch_spread": "Rozkłada przebiegi wielu kontenerów na tyle minut.",
    "reporting_url": "s3://bucket/przedrostek na dane do raportów; puste: MAI_DATA_DIR/lake.",
    "smtp_host": "Serwer poczty dla zaproszeń, alertów i podsumowań; puste: linki są pokazywane do skopiowania.",
    "smtp_port": "Jego port.",
    "smtp_user": "Jego użytkownik.",
    "smtp_password": "Jego hasło.",
    "smtp_from": "Adres nadawcy.",
    "smtp_starttls": "Używaj STARTTLS.",
    "alert_residual_usd": "Większa różnica wobec rachunku OpenRouter wywołuje alert.",
    "alert_webhook_url": "Tu wysyłane są alerty jako JSON; puste: wyłączone.",
}

MESSAGES: Messages = {
    f"setting.{name.upper()}": (_POLISH.get(name, ""), field.description or "")
    for name, field in Settings.model_fields.items()
}
