package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.StringReader;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class MarkupTest {
    @RandomSeeds(50)
    void anyTextComesOutOfAParserAsItWas(long seed) throws Exception {
        var random = new SplittableRandom(seed);
        String text = random.ints(random.nextInt(1, 60), ' ', 0x3000)
                .mapToObj(character -> random.nextInt(3) == 0 ? "<>&'\"]".charAt(random.nextInt(6)) : (char) character)
                .map(String::valueOf)
                .collect(Collectors.joining());
        String xml = "<a b='" + Markup.escape(text) + "'>" + Markup.escape(text) + "</a>";

        var element = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(xml)))
                .getDocumentElement();

        assertThat(element.getTextContent()).isEqualTo(text);
        assertThat(element.getAttribute("b")).isEqualTo(text);
    }

    @Test
    void whatXmlCannotHoldIsLeftOut() {
        assertThat(Markup.escape("a\u0000\u001b[K\uffffb\ud800")).isEqualTo("a[Kb");
        assertThat(Markup.escape("\ud83d\ude00")).isEqualTo("\ud83d\ude00");
    }

    @Test
    void theFirstPensAllDiffer() {
        assertThat(IntStream.range(0, 32).mapToObj(Pen::number)).doesNotHaveDuplicates();
    }
}
