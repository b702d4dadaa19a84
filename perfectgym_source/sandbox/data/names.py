"""Names of people and streets, by the country of their club."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "PL": (
        _words("Anna Katarzyna Magdalena Zofia Agnieszka Małgorzata Weronika Julia Ewa"),
        _words("Piotr Krzysztof Tomasz Paweł Michał Łukasz Jakub Stanisław Bartosz"),
    ),
    "GB": (
        _words("Olivia Amelia Isla Emily Charlotte Grace Sophie Siân Niamh"),
        _words("Oliver George Harry Jack Noah Callum Rhys Alfie Thomas"),
    ),
    "IN": (
        _words("Aadhya Ananya Diya Ishita Kavya Meera Priya Riya Saanvi"),
        _words("Aarav Arjun Dev Ishaan Kabir Rohan Rahul Vihaan Vikram"),
    ),
    "US": (
        _words("Ava Emma Madison Abigail Harper Aaliyah Sofía Guadalupe Chloe"),
        _words("Liam Mason Ethan Logan Jackson Mateo Diego Tyler Brandon"),
    ),
    "BR": (
        _words("Beatriz Larissa Camila Fernanda Júlia Letícia Mariana Antônia Luíza"),
        _words("João Gabriel Lucas Rafael Matheus Felipe Thiago Caio André"),
    ),
    "DE": (
        _words("Hannah Lena Marie Greta Käthe Johanna Sophia Jana Frieda"),
        _words("Jonas Felix Maximilian Lukas Jürgen Björn Moritz Emil Götz"),
    ),
    "FR": (
        _words("Camille Chloé Léa Manon Élodie Inès Margaux Zoé Anaïs"),
        _words("Hugo Louis Jules Gaspard Théo François Rémi Noël Baptiste"),
    ),
}
"""Women's and men's first names of a country symbol."""

LAST_NAMES: dict[str, tuple[str, ...]] = {
    "PL": _words(
        "Nowak Wójcik Kowalczyk Woźniak Mazur Krawczyk Kaczmarek Zając Król Wróbel Stępień Górski "
        "Dudek Pawlak Sikora Michalak Kołodziej Świątek Brzęczyszczykiewicz"
    ),
    "GB": _words(
        "Smith Jones Taylor Brown Wilson Evans Thomas Roberts Walker Wright O'Neill Hughes "
        "Edwards MacDonald Clarke Patel Llewellyn Smith-Barnes Shaw"
    ),
    "IN": _words(
        "Sharma Verma Gupta Patel Reddy Iyer Nair Mehta Kapoor Chatterjee Desai Rao Kulkarni "
        "Banerjee Menon Joshi Bhat Pillai D'Souza"
    ),
    "US": _words(
        "Johnson Williams Garcia Miller Davis Rodriguez Martinez Hernández Lopez Anderson "
        "Jackson Nguyen Begay Peña Ortiz Flores Carter Washington Reed"
    ),
    "BR": _words(
        "Silva Santos Oliveira Souza Lima Pereira Ferreira Almeida Costa Gonçalves Ribeiro "
        "Araújo Carvalho Magalhães Simões Barbosa Rocha Dias Conceição"
    ),
    "DE": _words(
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Schäfer Koch Schröder Neumann "
        "Krüger Zimmermann Groß Weiß Lange Vogel Köhler Strauß"
    ),
    "FR": _words(
        "Martin Bernard Dubois Thomas Petit Durand Leroy Moreau Lefèvre Garçon Mercier "
        "Faure Roussel Chevalier Gauthier Béranger D'Arcy Noël Guérin"
    ),
}
"""Last names of a country symbol."""

STREETS: dict[str, tuple[str, ...]] = {
    "PL": ("ul. Długa", "ul. Mickiewicza", "al. Jana Pawła II", "ul. Łąkowa", "ul. Świętojańska"),
    "GB": ("High Street", "Church Lane", "Station Road", "Victoria Road", "Mill Lane"),
    "IN": ("M.G. Road", "Station Road", "Linking Road", "Park Street", "Temple Street"),
    "US": ("N Central Avenue", "E Thomas Road", "W Glendale Avenue", "S 7th Street"),
    "BR": ("Rua Augusta", "Avenida Paulista", "Rua Oscar Freire", "Alameda Santos"),
    "DE": ("Hauptstraße", "Gartenstraße", "Schönhauser Allee", "Bergmannstraße"),
    "FR": ("rue de la Paix", "avenue Parmentier", "rue Oberkampf", "boulevard Voltaire"),
}
"""Streets of a country symbol."""

LANGUAGES: dict[str, str] = {
    "PL": "pl-PL",
    "GB": "en-GB",
    "IN": "en-IN",
    "US": "en-US",
    "BR": "pt-BR",
    "DE": "de-DE",
    "FR": "fr-FR",
}
"""The language that a member of a country symbol uses."""
