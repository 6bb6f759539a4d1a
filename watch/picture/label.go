package picture

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// colour returns the English name of the colour that label is in one of the
// languages of Lightroom, Bridge and Capture One, in lower case; any other label
// comes back in lower case only. Programs write the label in the language they
// are run in (unverified for each of them).
func colour(label string) string {
	label = strings.ToLower(norm.NFC.String(strings.TrimSpace(label)))
	switch label {
	case "rot", "rouge", "rosso", "rojo", "rood", "vermelho", "röd", "rød", "czerwony", "レッド", "赤", "红色", "紅色":
		return "red"
	case "naranja", "arancione", "arancio", "oranje", "laranja", "oransje", "pomarańczowy", "オレンジ", "橙色":
		return "orange"
	case "gelb", "jaune", "giallo", "amarillo", "geel", "amarelo", "gul", "żółty", "イエロー", "黄", "黄色", "黃色":
		return "yellow"
	case "grün", "gruen", "vert", "verde", "groen", "grön", "grøn", "grønn", "zielony", "グリーン", "緑", "绿色", "綠色":
		return "green"
	case "blau", "bleu", "blu", "azul", "blauw", "blå", "niebieski", "ブルー", "青", "蓝色", "藍色":
		return "blue"
	case "rosa", "rose", "roze", "różowy", "ピンク", "粉色", "粉红色", "粉紅色":
		return "pink"
	case "lila", "violett", "violet", "purpur", "pourpre", "viola", "púrpura", "morado", "violeta", "paars", "roxo", "lilla",
		"purpurowy", "fioletowy", "パープル", "紫", "紫色":
		return "purple"
	case "weiß", "weiss", "blanc", "bianco", "blanco", "wit", "branco", "vit", "hvid", "hvit", "biały", "ホワイト", "白", "白色":
		return "white"
	case "grau", "gris", "grigio", "grijs", "cinza", "grå", "szary", "gray", "グレー", "灰色":
		return "grey"
	case "schwarz", "noir", "nero", "negro", "zwart", "preto", "svart", "sort", "czarny", "ブラック", "黒", "黑色":
		return "black"
	}
	return label
}
