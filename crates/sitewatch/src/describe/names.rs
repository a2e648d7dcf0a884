//! What shops call the fields of an order line: in English, German, French, Spanish, Italian
//! and Dutch. Without blanks, signs and accents, as [`normal`](super::score::normal) writes
//! names; of a list, the first are the likeliest.

use std::fmt;

/// A field that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(
    clippy::upper_case_acronyms,
    reason = "the names that order formats have"
)]
pub(super) enum Role {
    InvoiceNo,
    StockCode,
    Description,
    Quantity,
    InvoiceDate,
    UnitPrice,
    CustomerID,
    Country,
    LineNo,
    Currency,
    Cancelled,
}

/// What a field may be called.
pub(super) struct Names {
    /// Whole names, or how longer names end; in between, too.
    pub(super) names: &'static [&'static str],
    /// Names that mean it only if there is nothing else in them.
    pub(super) alone: &'static [&'static str],
    /// What a mere `id` is worth: as for the others, 1000 at the best.
    pub(super) bare_id: i32,
    /// Whatever has these words is something else.
    pub(super) never: &'static [&'static str],
    /// What has these words is it only if nothing else is.
    pub(super) rather_not: &'static [&'static str],
}

impl Role {
    /// All of them, in the order in which they are written.
    pub(super) const ALL: [Self; 11] = [
        Self::InvoiceNo,
        Self::StockCode,
        Self::Description,
        Self::Quantity,
        Self::InvoiceDate,
        Self::UnitPrice,
        Self::CustomerID,
        Self::Country,
        Self::LineNo,
        Self::Currency,
        Self::Cancelled,
    ];

    /// Whether it is the same for all lines of an order.
    pub(super) fn is_of_orders(self) -> bool {
        !self.is_of_lines()
    }

    /// Whether each line has its own.
    pub(super) fn is_of_lines(self) -> bool {
        matches!(
            self,
            Self::StockCode | Self::Description | Self::Quantity | Self::UnitPrice | Self::LineNo
        )
    }

    /// What it may be called.
    pub(super) fn names(self) -> &'static Names {
        match self {
            Self::InvoiceNo => &INVOICE_NO,
            Self::StockCode => &STOCK_CODE,
            Self::Description => &DESCRIPTION,
            Self::Quantity => &QUANTITY,
            Self::InvoiceDate => &INVOICE_DATE,
            Self::UnitPrice => &UNIT_PRICE,
            Self::CustomerID => &CUSTOMER,
            Self::Country => &COUNTRY,
            Self::LineNo => &LINE_NO,
            Self::Currency => &CURRENCY,
            Self::Cancelled => &CANCELLED,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[rustfmt::skip]
const INVOICE_NO: Names = Names {
    names: &[
        "invoiceno", "orderid", "ordernumber", "orderno", "ordernr", "ordernum", "ordercode", "ordername",
        "orderreference", "orderref", "incrementid", "invoicenumber", "invoiceid", "invoicenr", "transactionid", "receiptno",
        "receiptnumber", "receiptid", "purchaseid", "saleid",
        "bestellnr", "bestellnummer", "bestellungsnr", "bestellungsnummer", "bestellid", "auftragsnr", "auftragsnummer",
        "auftragsid", "rechnungsnr", "rechnungsnummer", "belegnr", "belegnummer",
        "numerocommande", "numerodecommande", "numcommande", "nocommande", "ncommande", "idcommande", "refcommande",
        "referencecommande", "numerofacture", "numeropedido", "numerodepedido", "numpedido", "nopedido", "idpedido",
        "numeroordine", "nordine", "idordine", "bestelnummer", "bestelnr", "ordernummer", "factuurnummer",
    ],
    alone: &[
        "order", "invoice", "bestellung", "auftrag", "rechnung", "beleg", "commande", "facture", "pedido", "ordine",
        "bestelling", "transaction", "receipt", "documentno", "number", "reference", "nr", "no", "name",
    ],
    bare_id: 700,
    never: &[
        "line", "item", "items", "position", "pos", "customer", "kunde", "client", "cliente", "klant", "user", "date", "datum",
        "fecha", "status", "state", "type", "total", "product", "produkt", "article", "artikel", "sku", "count", "qty",
        "quantity", "amount", "price", "currency", "parent", "session", "tax",
    ],
    rather_not: &["transaction", "external", "checkout", "confirmation"],
};

#[rustfmt::skip]
const STOCK_CODE: Names = Names {
    names: &[
        "stockcode", "sku", "lineitemsku", "articlenumber", "articleno", "articlenr", "articleid", "articlecode",
        "productcode", "productid", "productnumber", "productno", "productsku", "itemcode", "itemno", "itemnumber",
        "itemid", "variantid", "ean", "gtin", "barcode", "upc", "isbn", "asin",
        "artikelnummer", "artikelnr", "artnr", "artikelid", "artikelcode", "artikel", "produktnummer", "produktnr", "produktid",
        "codearticle", "codeproduit", "referencearticle", "referenceproduit", "refarticle", "refproduit", "idproduit", "article",
        "codigoarticulo", "codigoproducto", "idproducto", "articulo", "codicearticolo", "codiceprodotto", "idprodotto", "articolo",
        "productnummer", "productnr",
    ],
    alone: &["product", "produkt", "produit", "producto", "prodotto", "item", "code", "reference", "referencia", "ref"],
    bare_id: 690,
    never: &[
        "order", "customer", "kunde", "client", "name", "bezeichnung", "title", "titel", "description", "price", "preis", "type",
        "category", "currency", "country", "discount", "coupon", "postal", "zip", "lineitemid", "orderitemid", "tax", "url",
    ],
    rather_not: &["parent", "variation", "vendor"],
};

#[rustfmt::skip]
const DESCRIPTION: Names = Names {
    names: &[
        "description", "lineitemname", "productname", "articlename", "itemname", "producttitle", "itemtitle", "articletitle",
        "productdescription", "itemdescription",
        "artikelbezeichnung", "artikelname", "produktbezeichnung", "produktname", "bezeichnung", "beschreibung",
        "designation", "libelle", "nomproduit", "nomarticle", "descripcion", "nombreproducto", "descrizione", "nomeprodotto",
        "omschrijving", "artikelomschrijving", "artikelnaam", "productnaam",
    ],
    alone: &[
        "name", "title", "titel", "titre", "titulo", "titolo", "naam", "nom", "nombre", "nome", "label", "text",
        "product", "produkt", "produit", "producto", "prodotto", "item", "article", "artikel", "articulo", "articolo",
    ],
    bare_id: 0,
    never: &[
        "customer", "kunde", "client", "user", "first", "last", "company", "country", "shipping", "billing", "payment",
        "discount", "tax", "category", "order", "id", "url", "type",
    ],
    rather_not: &["variant", "vendor", "short"],
};

#[rustfmt::skip]
const QUANTITY: Names = Names {
    names: &[
        "quantity", "qty", "lineitemquantity", "quantityordered", "qtyordered", "orderedquantity", "itemquantity",
        "menge", "bestellmenge", "anzahl", "stueckzahl", "stuckzahl", "stueck", "stuck",
        "quantite", "qte", "cantidad", "quantita", "qta", "aantal", "hoeveelheid",
    ],
    alone: &["units", "pieces", "pcs", "count", "itemcount", "nombre"],
    bare_id: 0,
    never: &[
        "price", "preis", "prix", "discount", "available", "stock", "lager", "refunded", "returned", "shipped", "fulfillable",
        "cancelled", "canceled", "invoiced", "date", "tax",
    ],
    rather_not: &["total", "current", "original", "gesamt", "min", "max"],
};

#[rustfmt::skip]
const INVOICE_DATE: Names = Names {
    names: &[
        "invoicedate", "orderdate", "orderdatetime", "ordertime", "orderedat", "ordereddate", "dateordered", "orderplacedat",
        "placedat", "createdat", "datecreated", "creationdate", "createddate", "createdon", "purchasedate", "purchasedat",
        "transactiondate", "saledate", "datetime", "timestamp",
        "bestelldatum", "bestellzeit", "bestelltam", "auftragsdatum", "rechnungsdatum", "belegdatum", "kaufdatum", "erstelltam",
        "datecommande", "datedecommande", "datefacture", "datecreation", "fechapedido", "fechadepedido", "fechacompra",
        "fechacreacion", "dataordine", "datacreazione", "besteldatum", "orderdatum",
    ],
    alone: &["date", "datum", "fecha", "data", "created", "ordered", "time", "zeit", "zeitpunkt"],
    bare_id: 0,
    never: &[
        "birth", "geburt", "geburtsdatum", "ship", "shipped", "shipping", "versand", "versanddatum", "liefer", "lieferdatum",
        "delivery", "delivered", "updated", "update", "modified", "cancel", "cancelled", "canceled", "storno", "due", "zone",
        "timezone", "expires", "refund", "customer", "billing",
    ],
    rather_not: &["paid", "payment", "processed", "closed", "completed", "gmt"],
};

#[rustfmt::skip]
const UNIT_PRICE: Names = Names {
    names: &[
        "unitprice", "priceperunit", "lineitemprice", "itemprice", "productprice", "articleprice", "unitamount", "priceeach",
        "sellingprice", "saleprice", "salesprice", "price", "unitpricecents", "pricecents",
        "einzelpreis", "stueckpreis", "stuckpreis", "artikelpreis", "verkaufspreis", "produktpreis", "preis",
        "prixunitaire", "prix", "preciounitario", "precio", "prezzounitario", "prezzo", "stukprijs", "eenheidsprijs", "prijs",
    ],
    alone: &["amount", "betrag", "montant", "importe", "importo", "bedrag"],
    bare_id: 0,
    never: &["currency", "quantity", "date", "shipping", "versand", "type", "presentment", "rule"],
    rather_not: &[
        "total", "totals", "gesamt", "sum", "summe", "subtotal", "zwischensumme", "totaal", "totale", "line", "zeile", "tax",
        "vat", "mwst", "steuer", "discount", "rabatt", "compare", "original", "list", "old", "purchase", "cost",
    ],
};

#[rustfmt::skip]
const CUSTOMER: Names = Names {
    names: &[
        "customerid", "customernumber", "customerno", "customernr", "customercode", "customerref", "clientid", "clientno",
        "clientnumber", "userid", "buyerid", "memberid", "accountid", "accountnumber",
        "kundennummer", "kundennr", "kundenid", "kundeid", "debitorennummer", "debitornr",
        "numeroclient", "numclient", "noclient", "nclient", "idclient", "codeclient", "numerocliente", "idcliente", "codigocliente",
        "codicecliente", "klantnummer", "klantnr", "klantid",
        "customeremail", "kundenemail", "buyeremail", "useremail", "billingemail", "emailaddress", "email", "courriel",
    ],
    alone: &[
        "customer", "kunde", "client", "cliente", "klant", "debitor", "buyer", "user", "member", "account", "mail", "correo",
    ],
    bare_id: 0,
    never: &[
        "name", "customername", "kundenname", "clientname", "first", "firstname", "lastname", "vorname", "nachname", "group", "type",
        "address", "phone", "locale", "ip", "note", "city", "country", "total", "tax", "vat", "zip", "company", "date", "created",
        "status", "seller", "vendor", "staff", "consent", "language", "class",
    ],
    rather_not: &["tracking", "external"],
};

#[rustfmt::skip]
const COUNTRY: Names = Names {
    names: &[
        "country", "countrycode", "countryname", "billingcountrycode", "billingcountry", "customercountry", "countryregion", "countryid",
        "shippingcountrycode", "shippingcountry", "shiptocountry",
        "land", "rechnungsland", "landcode", "landercode", "laendercode", "lieferland", "pays", "codepays", "pais", "codigopais",
        "paese", "nazione",
    ],
    alone: &["nation", "iso2"],
    bare_id: 0,
    never: &["phone", "ip", "origin", "herkunft", "herkunftsland", "account", "seller", "tax", "currency"],
    rather_not: &["shipping", "delivery", "lieferland", "livraison", "envio", "default"],
};

#[rustfmt::skip]
const LINE_NO: Names = Names {
    names: &[
        "lineno", "linenumber", "linenr", "lineid", "lineitemid", "lineitemnumber", "orderlineid", "orderlineno", "orderlinenumber",
        "orderitemid", "positionsnummer", "positionsnr", "positionnr", "posnr", "position", "zeilennummer", "zeilennr", "zeile",
        "numeroligne", "ligne", "numerolinea", "linea", "numeroriga", "riga", "regelnummer", "regelnr",
    ],
    alone: &["pos", "line", "row", "index"],
    bare_id: 680,
    never: &["product", "article", "artikel", "sku", "price", "total", "customer", "date", "address"],
    rather_not: &[],
};

#[rustfmt::skip]
const CURRENCY: Names = Names {
    names: &[
        "currency", "currencycode", "ordercurrency", "currencyiso", "wahrung", "waehrung", "wahrungscode", "devise", "monnaie",
        "moneda", "divisa", "valuta",
    ],
    alone: &["curr"],
    bare_id: 0,
    never: &["rate", "kurs", "name", "id"],
    rather_not: &["presentment", "shipping", "tax"],
};

#[rustfmt::skip]
const CANCELLED: Names = Names {
    names: &[
        "cancelledat", "canceledat", "cancelled", "canceled", "cancelledon", "cancellationdate", "canceldate", "iscancelled",
        "iscanceled", "voidedat", "storniertam", "storniert", "stornodatum", "storno", "dateannulation", "annule", "cancelado",
        "annullato", "geannuleerd",
    ],
    alone: &[],
    bare_id: 0,
    never: &["reason", "grund", "by", "quantity", "qty", "amount", "note"],
    rather_not: &[],
};

/// Columns that say what became of an order.
pub(super) const STATUS: Names = Names {
    names: &[
        "orderstatus",
        "status",
        "orderstate",
        "bestellstatus",
        "auftragsstatus",
        "statut",
        "statutcommande",
        "estado",
        "estadopedido",
        "stato",
        "statoordine",
    ],
    alone: &["state"],
    bare_id: 0,
    never: &["address", "billing", "shipping", "delivery", "customer"],
    rather_not: &["payment", "financial", "fulfillment"],
};

/// What such a column says of an order that came to nothing.
#[rustfmt::skip]
pub(super) const CANCELLED_STATUS: &[&str] = &[
    "cancelled", "canceled", "refunded", "voided", "void", "storniert", "storno", "annule", "annulee", "rembourse", "remboursee",
    "cancelado", "cancelada", "anulado", "annullato", "annullata", "geannuleerd", "erstattet",
];

/// Words for no and yes.
pub(super) const NO_AND_YES: &[(&str, &str)] = &[
    ("0", "1"),
    ("no", "yes"),
    ("n", "y"),
    ("false", "true"),
    ("nein", "ja"),
    ("non", "oui"),
    ("nee", "ja"),
];
