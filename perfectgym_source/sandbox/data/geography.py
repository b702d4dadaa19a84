"""Places: the clubs' cities and zones, countries, and the cities of some countries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClubSite:
    """Where a club stands.

    Attributes:
        name, short_name, symbol: what the club is called.
        country: ISO symbol.
        city, street, postal_code: its address.
        zone: the Windows name of its time zone, as the API gives it.
        offset: minutes ahead of UTC in winter; used only to order events.
        latitude, longitude: decimal degrees.
        phone: in international form.
    """

    name: str
    short_name: str
    symbol: str
    country: str
    city: str
    street: str
    postal_code: str
    zone: str
    offset: int
    latitude: float
    longitude: float
    phone: str


SITES: tuple[ClubSite, ...] = (
    ClubSite(
        "Fitness Park Warszawa Centrum",
        "Warszawa Centrum",
        "WAW1",
        "PL",
        "Warszawa",
        "ul. Marszałkowska 104/122",
        "00-017",
        "Central European Standard Time",
        60,
        52.230912,
        21.011283,
        "+48 22 555 01 10",
    ),
    ClubSite(
        "Fitness Park London Soho",
        "London Soho",
        "LON1",
        "GB",
        "London",
        "41 Poland Street",
        "W1F 7NA",
        "GMT Standard Time",
        0,
        51.514503,
        -0.136992,
        "+44 20 7946 0110",
    ),
    ClubSite(
        "Fitness Park Mumbai Bandra",
        "Mumbai Bandra",
        "BOM1",
        "IN",
        "Mumbai",
        "Hill Road 27, Bandra West",
        "400050",
        "India Standard Time",
        330,
        19.054999,
        72.830133,
        "+91 22 5550 1122",
    ),
    ClubSite(
        "Fitness Park Phoenix Camelback",
        "Phoenix Camelback",
        "PHX1",
        "US",
        "Phoenix",
        "2502 E Camelback Road",
        "85016",
        "US Mountain Standard Time",
        -420,
        33.509879,
        -112.029145,
        "+1 602 555 0142",
    ),
    ClubSite(
        "Fitness Park São Paulo Pinheiros",
        "São Paulo Pinheiros",
        "SAO1",
        "BR",
        "São Paulo",
        "Rua dos Pinheiros 870",
        "05422-001",
        "E. South America Standard Time",
        -180,
        -23.566211,
        -46.687413,
        "+55 11 5550 1220",
    ),
    ClubSite(
        "Fitness Park Kraków Kazimierz",
        "Kraków Kazimierz",
        "KRK1",
        "PL",
        "Kraków",
        "ul. Starowiślna 65",
        "31-052",
        "Central European Standard Time",
        60,
        50.051214,
        19.948723,
        "+48 12 555 02 30",
    ),
    ClubSite(
        "Fitness Park Berlin Mitte",
        "Berlin Mitte",
        "BER1",
        "DE",
        "Berlin",
        "Torstraße 201",
        "10115",
        "W. Europe Standard Time",
        60,
        52.528604,
        13.393015,
        "+49 30 5550 1330",
    ),
    ClubSite(
        "Fitness Park Manchester Ancoats",
        "Manchester Ancoats",
        "MAN1",
        "GB",
        "Manchester",
        "18 Cutting Room Square",
        "M4 6DE",
        "GMT Standard Time",
        0,
        53.484112,
        -2.226871,
        "+44 161 496 0140",
    ),
    ClubSite(
        "Fitness Park Bengaluru Indiranagar",
        "Bengaluru Indiranagar",
        "BLR1",
        "IN",
        "Bengaluru",
        "100 Feet Road 612",
        "560038",
        "India Standard Time",
        330,
        12.971891,
        77.641151,
        "+91 80 5550 1441",
    ),
    ClubSite(
        "Fitness Park Paris République",
        "Paris République",
        "PAR1",
        "FR",
        "Paris",
        "14 rue de Malte",
        "75011",
        "Romance Standard Time",
        60,
        48.864813,
        2.366902,
        "+33 1 99 00 15 51",
    ),
    ClubSite(
        "Fitness Park Gdańsk Wrzeszcz",
        "Gdańsk Wrzeszcz",
        "GDN1",
        "PL",
        "Gdańsk",
        "al. Grunwaldzka 82",
        "80-244",
        "Central European Standard Time",
        60,
        54.381021,
        18.604733,
        "+48 58 555 01 60",
    ),
)
"""The clubs' sites, in the order in which a world takes them if its size does not say which."""

_COUNTRIES = """
PL Poland=Polska|GB United Kingdom|IN India=भारत|US United States|BR Brazil=Brasil
DE Germany=Deutschland|FR France|ES Spain=España|IT Italy=Italia|PT Portugal
NL Netherlands=Nederland|BE Belgium=België|LU Luxembourg|AT Austria=Österreich
CH Switzerland=Schweiz|CZ Czechia=Česko|SK Slovakia=Slovensko|HU Hungary=Magyarország
RO Romania=România|BG Bulgaria=България|GR Greece=Ελλάδα|HR Croatia=Hrvatska
SI Slovenia=Slovenija|RS Serbia=Србија|BA Bosnia and Herzegovina|ME Montenegro=Crna Gora
MK North Macedonia|AL Albania=Shqipëria|EE Estonia=Eesti|LV Latvia=Latvija|LT Lithuania=Lietuva
FI Finland=Suomi|SE Sweden=Sverige|NO Norway=Norge|DK Denmark=Danmark|IS Iceland=Ísland
IE Ireland=Éire|MT Malta|CY Cyprus=Κύπρος|UA Ukraine=Україна|MD Moldova|BY Belarus=Беларусь
TR Türkiye|GE Georgia=საქართველო|AM Armenia=Հայաստան|AZ Azerbaijan=Azərbaycan
KZ Kazakhstan=Қазақстан|UZ Uzbekistan=Oʻzbekiston|IL Israel=ישראל|JO Jordan=الأردن
LB Lebanon=لبنان|SA Saudi Arabia|AE United Arab Emirates|QA Qatar=قطر|KW Kuwait=الكويت
BH Bahrain=البحرين|OM Oman=عمان|EG Egypt=مصر|MA Morocco=المغرب|TN Tunisia=تونس
DZ Algeria=الجزائر|ZA South Africa|NG Nigeria|KE Kenya|GH Ghana|ET Ethiopia=ኢትዮጵያ|TZ Tanzania
UG Uganda|RW Rwanda|SN Senegal=Sénégal|CI Côte d'Ivoire|CM Cameroon=Cameroun|AO Angola
MZ Mozambique=Moçambique|ZM Zambia|ZW Zimbabwe|BW Botswana|NA Namibia|MU Mauritius=Maurice
MG Madagascar=Madagasikara|CN China=中国|JP Japan=日本|KR South Korea|TW Taiwan=臺灣|HK Hong Kong
SG Singapore|MY Malaysia|TH Thailand=ไทย|VN Vietnam|PH Philippines=Pilipinas|ID Indonesia
PK Pakistan=پاکستان|BD Bangladesh=বাংলাদেশ|LK Sri Lanka|NP Nepal=नेपाल|AU Australia
NZ New Zealand|FJ Fiji|CA Canada|MX Mexico=México|GT Guatemala|CR Costa Rica|PA Panama=Panamá
CU Cuba|DO Dominican Republic|JM Jamaica|TT Trinidad and Tobago|CO Colombia|VE Venezuela
EC Ecuador|PE Peru=Perú|BO Bolivia|CL Chile|AR Argentina|UY Uruguay|PY Paraguay
"""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", "").split("|"))


def _country(entry: str) -> tuple[str, str, str]:
    symbol, names = entry.split(" ", 1)
    name, _, native = names.partition("=")
    return symbol, name, native or name


COUNTRIES: tuple[tuple[str, str, str], ...] = tuple(
    _country(entry) for entry in _COUNTRIES.strip().replace("\n", "|").split("|")
)
"""Symbol, English name and native name; more than one page of them."""

CITIES: dict[str, tuple[str, ...]] = {
    "PL": _names(
        """Warszawa|Kraków|Łódź|Wrocław|Poznań|Gdańsk|Szczecin|Bydgoszcz|Lublin|Białystok|Katowice
|Gdynia|Częstochowa|Radom|Rzeszów|Toruń|Sosnowiec|Kielce|Gliwice|Olsztyn|Zabrze|Bielsko-Biała
|Bytom|Zielona Góra|Rybnik|Ruda Śląska|Opole|Tychy|Gorzów Wielkopolski|Elbląg|Dąbrowa Górnicza
|Płock|Wałbrzych|Włocławek|Tarnów|Chorzów|Koszalin|Kalisz|Legnica|Grudziądz|Jaworzno|Słupsk
|Jastrzębie-Zdrój|Nowy Sącz|Jelenia Góra|Siedlce|Mysłowice|Piła|Konin|Piotrków Trybunalski
|Inowrocław|Lubin|Ostrów Wielkopolski|Suwałki|Stargard|Gniezno|Ostrowiec Świętokrzyski
|Siemianowice Śląskie|Głogów|Pabianice|Leszno|Żory|Zamość|Pruszków|Łomża|Ełk|Chełm|Mielec
|Tomaszów Mazowiecki|Kędzierzyn-Koźle|Przemyśl|Stalowa Wola|Tczew|Bełchatów|Biała Podlaska
|Świdnica|Będzin|Zgierz|Piekary Śląskie|Racibórz|Legionowo|Ostrołęka|Rumia|Wejherowo|Świętochłowice
|Zawiercie|Skierniewice|Starachowice|Wodzisław Śląski|Starogard Gdański|Puławy|Tarnobrzeg
|Kołobrzeg|Krosno|Dębica|Radomsko|Otwock|Piaseczno|Skarżysko-Kamienna|Ciechanów|Kutno|Świnoujście
|Nysa|Sieradz|Zduńska Wola|Mińsk Mazowiecki|Sanok|Bolesławiec|Szczecinek|Żyrardów"""
    ),
    "GB": _names(
        "London|Birmingham|Manchester|Glasgow|Leeds|Liverpool|Bristol|Sheffield|Edinburgh|Leicester"
        "|Cardiff|Belfast|Nottingham|Newcastle upon Tyne|Brighton|York|Bath|Cambridge|Oxford"
    ),
    "IN": _names(
        "Mumbai|Delhi|Bengaluru|Hyderabad|Chennai|Kolkata|Ahmedabad|Pune|Jaipur|Lucknow|Kochi"
    ),
    "US": _names("Phoenix|Tucson|Mesa|Scottsdale|Tempe|Flagstaff|New York|Chicago"),
    "BR": _names("São Paulo|Rio de Janeiro|Brasília|Salvador|Fortaleza|Curitiba"),
    "DE": _names("Berlin|Hamburg|München|Köln|Frankfurt am Main|Stuttgart|Leipzig"),
    "FR": _names("Paris|Marseille|Lyon|Toulouse|Nice|Nantes|Montpellier|Lille"),
}
"""The cities of a country symbol; Poland has more than one page of them."""
