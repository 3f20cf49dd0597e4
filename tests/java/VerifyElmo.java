import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Verifies signed ELMO files as a client written in Java does, with the JDK alone.
 *
 * Arguments: pairs of a certificate and a file. A line for each pair: OK, or FAIL and why.
 */
public class VerifyElmo {
    public static void main(String[] arguments) throws Exception {
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            System.out.println(verdict(arguments[i], arguments[i + 1]));
        }
    }

    private static String verdict(String certificateFile, String file) {
        try (FileInputStream in = new FileInputStream(certificateFile)) {
            X509Certificate certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
            DocumentBuilderFactory builders = DocumentBuilderFactory.newInstance();
            builders.setNamespaceAware(true);
            builders.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            Document document =
                    builders.newDocumentBuilder().parse(Files.newInputStream(Path.of(file)));
            NodeList found = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature");
            if (found.getLength() != 1) {
                return "FAIL " + found.getLength() + " signatures";
            }
            Element root = document.getDocumentElement();
            if (lastElement(root) != found.item(0)) {
                return "FAIL the signature is not the root's last child";
            }
            DOMValidateContext context = new DOMValidateContext(
                    KeySelector.singletonKeySelector(certificate.getPublicKey()), found.item(0));
            context.setProperty("org.jcp.xml.dsig.secureValidation", Boolean.TRUE);
            XMLSignature signature =
                    XMLSignatureFactory.getInstance("DOM").unmarshalXMLSignature(context);
            if (signature.getSignedInfo().getReferences().size() != 1) {
                return "FAIL not one reference";
            }
            Reference reference = (Reference) signature.getSignedInfo().getReferences().get(0);
            if (!"".equals(reference.getURI())) {
                return "FAIL reference to " + reference.getURI();
            }
            boolean value = signature.getSignatureValue().validate(context);
            boolean digest = reference.validate(context);
            if (signature.validate(context) != (value && digest)) {
                return "FAIL the verifier contradicts itself";
            }
            return value && digest ? "OK" : "FAIL value " + value + ", digest " + digest;
        } catch (Exception error) {
            return "FAIL " + error.getClass().getSimpleName() + " " + error.getMessage();
        }
    }

    private static Node lastElement(Element root) {
        Node node = root.getLastChild();
        while (node != null && node.getNodeType() != Node.ELEMENT_NODE) {
            node = node.getPreviousSibling();
        }
        return node;
    }
}
