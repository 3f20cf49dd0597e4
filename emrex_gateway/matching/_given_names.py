"""Given names, to tell a name with its two parts exchanged from two people with exchanged names.

*Nagy Anna* is *Anna Nagy*: nobody is called Nagy. *Thomas Martin* and *Martin
Thomas* may be two people. The list holds common given names in letters from a
to z, those above all that are family names too; it need not be complete:
where it knows neither part, an officer decides.
"""

from __future__ import annotations

from emrex_gateway.matching._listed import listed

ALWAYS_LATIN = listed(
    """
    aino antti eero eeva elina emma eveliina hanna heikki heli henri henrik ilkka inka jaakko janne
    jari joni juha juhani jukka jussi kaisa kalle kari katja kimmo laura lauri leena marja markku
    markus mari matti mika mikael mikko minna niko olavi oskari otto paavo pasi pekka petri pirjo
    paivi riikka risto saara salla sami samuli sanna sari seppo susanna tapio teemu tero tiina
    timo toni tuomas tuomo ville veikko
    alf anders anna anton arne arvid astrid axel bengt birgit bjorn bo carl caroline christer
    christian christina daniel david ebba einar elias elin ellen elsa emil erik erika eva filip
    frans fredrik frida gabriel georg gunnar gustav hakan hanne hans helena helga hugo ida inger
    ingrid ivar jakob jan jens jesper joakim johan johannes jonas josef karin karl katarina kerstin
    klas knut kristian kristina lars leif lena linda linnea linus lisa louise ludvig ludwig magnus
    maja malin margareta maria marianne marie martin mathias matilda mats max mette mikkel morten
    nils noah oda ola olaf ole olof oscar oskar ove patrik peder pelle per peter petter pia rasmus
    robert roger rolf rune sander sara sigurd silje simon sofia sofie soren stefan sten stig stina
    sune sven svein thea thomas thor tobias tom tone tor tora torbjorn trond ulf ulla ulrik vidar
    viktor vilhelm vilma jerry mary mina minna mila milla tova tuva par staffan olle noah lea leah lina
    bert sem joran joren leen lien griet greet jack ina inna gerta herta gilda hilda
    agust anna arna arnar asdis birna bjarni bjork david egill einar gudrun gunnhildur harald
    haukur helgi hildur hrafn hrafnkell ingi jon jonas katla kristin magnus olafur orri sigridur
    stefan sveinn thor thorunn
    alberts aleksandr aleksei andres andris anete antonas arturs asta austeja baiba dace dainius
    darius edgars egle elina evija gediminas gintaras ieva ilze inese inga jaan jana janis jonas
    jonas juri juris kadri kaisa karlis kristaps kulli laima laura liga liis liisa lukas mantas
    marek margus mart marta martins martynas martin matas mihkel mindaugas monika normunds ona
    paulius peeter peteris rasa raimonds rihards roberts rokas rutas sander siim tanel tiit
    tomas tonu toomas triin uldis urmas valters vytautas zane
    adam adrian agata agnieszka aleksander aleksandra alicja andrzej anna antoni barbara bartosz
    beata bogdan dariusz dawid dominik dorota edyta elzbieta ewa filip franciszek gabriela grzegorz
    hanna henryk igor jacek jakub jan janusz jaroslaw jerzy joanna jozef julia justyna kamil
    karol karolina katarzyna kazimierz konrad krystyna krzysztof leon lukasz maciej magdalena
    malgorzata marcin marek maria mariusz marta mateusz michal mikolaj monika natalia oliwia
    patryk pawel piotr przemyslaw rafal roman ryszard sebastian stanislaw stefan szymon tadeusz
    tomasz urszula wiktor wojciech zbigniew zofia zuzanna
    alena alexander alexandra alois ales antonin barbora bohumil ctirad dalibor david dominik eliska
    filip frantisek hana ivan ivana jakub jan jana jaromir jaroslav jiri jitka josef karel katerina
    klara kristyna lenka libor lucie lukas marek marketa martin martina matej michal milan miloslav
    miroslav monika ondrej oldrich pavel pavla petr petra radek radim richard roman simona
    stepan tereza tomas vaclav vera veronika vit vladimir vojtech zdenek zdenka zuzana
    adam agnes andras anita antal aron attila balazs balint bela bence beata bernadett csaba
    csilla daniel denes dora edit eniko erika erno eszter eva ferenc gabor gaspar geza gergely gergo
    gyorgy gyula ildiko imre istvan jakab janos jozsef judit julia kalman karoly kata katalin
    kristof krisztina lajos laszlo levente marton maria mate matyas miklos mihaly monika noemi norbert
    orsolya pal peter reka robert sandor simon tamas tibor tunde viktor vilmos vince zoltan zsofia
    zsolt zsuzsanna
    albert albrecht alexander alfred andreas anja anke annette arnold arthur august benedikt benjamin
    bernd bernhard bruno carsten claudia conrad dennis detlef dieter dirk dominik eberhard eckart
    eduard elisabeth emil ernst eugen felix ferdinand finn florian franz friedrich fritz gerhard
    gisela gunter gunther hannah hartmut heike heinrich heinz helmut herbert hermann holger horst
    hubert ingo jochen joachim johann johanna julia julian jurgen kai karin katharina katrin klaus
    konrad kurt lea lena leo leon leonie lorenz lothar lukas lutz manfred manuel marc marcel marco
    markus martha martin martina matthias max maximilian merlin michael monika moritz nico nicole
    niklas norbert oliver otto patrick paul paula peter philipp rainer ralf regina reiner reinhard
    richard robert roland rolf rudolf rupert sabine sandra sebastian siegfried silke simon sophie
    steffen stephan susanne sven theo theodor thomas thorsten tim tobias udo ulrich ulrike ursula uwe
    volker walter werner wilhelm winfried wolf wolfgang wolfram
    aart adriaan anouk arie arjan bart bas bram cornelis daan dirk eline evert femke floris frank
    geert gerard gerrit gijs hendrik henk hugo jaap jan jasper jeroen jesse jan johan joost joris
    julia kees klaas koen laurens lieke lotte maarten marieke martijn mees niels noor pieter rik
    roel ruben rutger sanne sem sjoerd stijn sven teun thijs tijmen willem wouter
    adele adrien alain albert alexandre alice amelie andre anne antoine armand arnaud arthur aude
    aurelie baptiste barthelemy bastien benoit bernard bertrand blaise brigitte bruno camille carole
    catherine cecile celine charles charlotte chloe christian christophe claire claude clement
    colette damien daniel david denis didier dominique edouard elise elodie emile emilie emmanuel
    eric etienne eugene fabien fabrice felix fernand florence francois francoise frederic gabriel
    gaspard genevieve georges gerard germain gilbert gilles gregoire guillaume guy helene henri
    herve hubert hugo hugues isabelle jacques jean jeanne jerome joel joseph jules julie julien
    juliette laurent lea leon louis louise luc lucas lucie madeleine manon marc marcel marguerite
    marie marion martin martine mathieu mathilde maurice maxime michel mireille monique nathalie
    nicolas noel odile olivier pascal patrice patrick paul pauline philippe pierre raphael raymond
    regis remi renaud rene richard robert roger roland romain sebastien serge simon simone sophie
    stephane suzanne sylvain sylvie theo theodore therese thibaut thierry thomas tristan valentin
    valerie veronique victor vincent virginie xavier yann yves yvette yvon zoe
    adela adrian agustin aitor alba alberto alejandra alejandro alfonso alfredo alicia alonso alvaro
    ana andres angel angela antonio arturo beatriz benito bernardo blanca bruno camila carlos carmen
    carolina cesar clara claudia concepcion cristina cristobal daniel david diego domingo eduardo
    elena emilio enrique esteban eva felipe felix fermin fernando francisco gabriel gaspar
    gerardo gonzalo guillermo gustavo hector hernan hugo ignacio ines inigo irene isabel jacinto
    jaime javier jesus joaquin jorge jose josefa juan juana julia julian julio laura leandro lorenzo
    lucas lucia luis luisa manuel marcelo marco marcos margarita maria mariano marina mario marta
    martin mateo matias mercedes miguel monica nadia nicolas noelia nuria olga oscar pablo paloma
    patricia paula pedro pilar rafael ramiro ramon raul ricardo roberto rocio rodrigo rosa ruben
    salvador sandra santiago sara sebastian sergio silvia simon sofia susana teresa tomas valentin
    vicente victor victoria ximena
    afonso alvaro amadeu anabela andre antonia artur augusto baltasar beatriz bento bernardo bruna
    caetano carla catarina cristiano diogo dinis domingos duarte edgar eduarda fabio fatima filipa
    filipe francisca gaspar gil goncalo guilherme helder helena henrique hugo ines joana joao joaquim
    jorge jose leonor lourenco lucas luis luisa luiz madalena mafalda manuel marcos margarida mariana
    martim matilde mauricio miguel nuno olavo paulo pedro rafael renata ricardo rita rodrigo rui
    salvador sandra sebastiao simao teresa tiago tomas valentim vasco vicente vitor xavier
    achille adriano agostino alberto aldo alessandra alessandro alessio alfredo ambrogio andrea angelo
    anna antonella antonio arturo aurora bartolomeo beatrice benedetto biagio bruno camilla carlo
    carmelo caterina cesare chiara claudio cosimo costantino cristiano dante dario davide diego
    domenico donato eleonora elena elisa emanuele emilio enrico ettore eugenio fabio fabrizio fausto
    federica federico felice filippo flavio francesca francesco franco gabriele gaetano gennaro
    germano giacomo gianluca gino giorgia giorgio giovanni giulia giuliano giulio giuseppe graziano
    gregorio guido ignazio ilaria ivano jacopo lamberto leonardo leone livio lorenzo luca lucia
    luciano luigi marcello marco margherita maria mariano marina marino mario martina martino massimo
    matteo maurizio mauro michele natale niccolo nicola orlando paola paolo pasquale patrizia piero
    pietro primo raffaele renato riccardo rinaldo roberto rocco romano rosario ruggero salvatore
    samuele santo sara saverio sergio severino silvia silvio simone stefano tommaso ugo umberto
    valentina valentino valerio vincenzo vito vittorio
    ana andjela andrija ante antun bojan boris borislav bozidar branko dalibor damir danijel darko
    davor dejan domagoj dora dragan drazen duro dusan filip franjo goran hrvoje igor iva ivan ivana
    ivo jakov jasna jelena josip jovan jovana jure karlo katarina kresimir leo ljiljana ljubomir
    luka maja marija marin marina marko martin mate matej matija mihovil mijo milan milena mile
    milica milos miro miroslav mladen momir nada natasa nebojsa nenad nikola nikolina petar petra
    radovan ratko robert roko sandra sanja sasa sava simun sinisa slaven slobodan stanko stipe
    stjepan teodora tihomir tin toma tomislav tomo uros vedran vera vesna viktor vinko vladimir vuk
    zdravko zeljko zlatko zoran zvonimir
    adina adrian alexandra alexandru alin alina ana anca andrei andreea anton aurel bianca bogdan
    camelia carmen catalin cezar ciprian claudiu constantin corina cornel cosmin costin cristian
    cristina dan daniela danut dariu diana dinu doina dorin dragos dumitru ecaterina elena emil eugen
    felicia florin gabriela george georgiana gheorghe grigore horia iacob ilie ilinca ioan ioana ion
    ionel ionut iulia iulian iuliu laurentiu liviu lucian luminita madalina manole marcel marian marius
    matei mihai mihaela mircea mirela moise monica nicolae nicoleta nicu octavian oana ovidiu pavel
    petre petru radu raluca razvan roxana sabin sandu sebastian serban silviu simion simona sorin
    stan stefan teodor tiberiu toma traian tudor valentin vasile victor viorel vlad
    abdullah adem ahmet ali alp arda asli ayse aysel baris batuhan berk beyza burak can cagla caglar
    cem cemal cenk ceren cihan davut defne deniz dilek ebru ece efe ekin elif emir emre ender engin
    enes enver erdal erdem ergin erkan erol ersin esra eylul fatih fatma ferhat filiz furkan gizem
    gokhan gul gulsen gunes hakan halil halit hamza hande haluk hasan hatice hayat hilal husnu
    huseyin ibrahim idris ihsan ilhan ilker irem isa isil ismail kaan kadir kamil kazim kemal kenan
    kerem koray levent leyla mahmut mehmet melek melih meral merve mert meryem metin mete mithat
    murat musa mustafa nazim necati nermin nihat nur nuri okan oktay omer onur orhan osman ozan ozgur
    ozlem pinar ramazan recep rifat sabri salih sami sedat seda selcuk selim selin selma serdar serkan
    sevgi sibel sinan suat sukru suleyman tahir tamer taner tarik tolga tugba tuncay turan turgut ufuk
    ugur umit umut volkan yakup yasar yasemin yasin yavuz yusuf zafer zehra zeki zeynep
    alan alastair alex alexis alison allan allen amelia amy andrea andrew angus anthony archie arnold
    ashley austin barry basil beverly blake brad bradley brandon brenda brian bruce bryan byron cameron
    carter charles charlie chase chester christopher clark claude clay clifford clinton clive cody colin
    connor craig curtis dale dallas damian dana darcy darren dave dean derek desmond dexter dominic
    donald douglas drew duncan dwight dylan earl edgar edmund edward edwin elliot elliott ellis elton
    emily eric ernest ethan evan evelyn felicity florence floyd forrest francis frank fraser fred
    frederick garrett gary gavin george gerald gilbert giles glen glenn gordon graham grant gregory
    guy hamish hannah harold harriet harris harrison harry harvey hazel heather heath hector henry
    herbert holly howard hugh humphrey ian isaac isabel ivan ivy jack jackson james jamie jared jason
    jasper jay jean jeffrey jennifer jeremy jerome jesse jessica jill jim joan joel john jonathan
    jordan joseph joshua joy joyce julian kay keith kelly kelvin kennedy kenneth kent kevin kim kirk
    kyle lance laurence lawrence lee leigh leonard leslie lester lewis lloyd logan louis lucas lucy
    luke lynn malcolm margaret mark marshall martha martin marvin mason matthew maurice max maxwell
    meredith michael miles mitchell morgan morris murray nathan neil nelson nicholas nigel noel norman
    oliver olivia oscar owen paige palmer parker patricia patrick paul perry peter philip preston
    quentin rachel ralph randall raymond rebecca reed reginald rex rhys richard riley robert robin
    rodney roger roland ronald rory rosemary ross roy russell ruth ryan samuel sarah scott sean shane
    shannon sharon shaun sheldon sidney simon spencer stanley stephen stewart stuart sydney taylor
    terence terry theodore thomas timothy todd toby tony travis tracy trevor troy tyler vaughan vernon
    victor vincent virginia vivian wade walter warren wayne wendell wesley whitney wilfred william
    winston zachary
    """
)
"""Of languages written in Latin letters: there Maria and Marja, Lena and Luna are two names."""

_ROMANISED = listed(
    """
    akim aleksandra aleksey alexey alexei alla alina anastasia anatoliy andrey andrei angelina anton
    arkadiy arseniy artem artyom bogdan bohdan boris danila danylo daria darya denis dmitriy dmitry
    dmytro ekaterina elena elizaveta evgeny evgeniy fedor filipp galina gennadiy georgiy german gleb
    grigory igor ilya ilia inna iosif irina iryna ivan kirill kira konstantin ksenia kseniia lev
    leonid lidia liliya lyubov lyudmila makar maksim maksym margarita marina maria mariia marat mark
    mikhail mikita mykola mykhailo nadezhda naum natalia nataliya nazar nikita nikolay oksana
    oleg oleh oleksandr oleksii olena olga olha orest ostap pavel pavlo petr petro platon polina
    rodion roman rostyslav ruslan saveliy semyon serafim sergei sergey serhii sofia solomiia stanislav
    stepan svetlana svitlana taisia tamara taras tatiana tatyana timofey timur tikhon tymofii ulyana
    vadim vadym valentin valeria valeriy vasiliy vasily vasyl vera viktor viktoria vitaliy vitalii
    vladimir vladislav volodymyr vsevolod vyacheslav yan yana yaroslav yegor yelena yevhen yulia yuliia
    yuri yuriy zakhar zinaida zlata zoya
    aleksandar aneliya angel anton asen atanas biser blagoy bogomil borislav boyan danail desislava
    deyan dimitar dimo dobri emil evgeni filip gavril georgi gergana hristo iliya iskra ivaylo ivo
    kalin kalina kaloyan kiril krasimir lachezar lyubomir marin marian mario martin metodi mihail
    milen mladen momchil nedyalko nikolay ognyan orlin pavlin penka petko petya plamen radoslav
    ralitsa rositsa rosen rumen samuil simeon slavi spas stanimir stefan stoyan todor tsvetan
    valentin vasil velizar veselin vesela yana yavor yoan yordan zahari zdravko
    achilleas agis alexandros alexis anastasios anastasia andreas angeliki angelos anna antonios
    antonis apostolos argyrios aristotelis athanasios charalampos christina christos dimitra dimitris
    dimitrios dionysios efthymios eirini eleftherios eleni elias emmanouil evangelos fotios georgia
    georgios gerasimos giannis giorgos gregorios ilias ioanna ioannis iosif katerina konstantina
    konstantinos kostas lazaros leonidas loukas manos manolis maria marina marios markos michail
    michalis miltiadis nektarios nikolaos nikos odysseas panagiota panagiotis pantelis paraskevi
    pavlos petros savvas sokratis sofia sotirios spyridon spyros stamatis stavros stefanos stylianos
    thanos theodora theodoros theofilos thomas vasileios vasiliki vasilis xenia yannis zoe
    abbas abdel abdulrahman adel adil adnan ahmad ahmed aisha akram alaa aladdin amal amin amina amine
    amir amira amjad ammar anas anwar arif asad asma ashraf ayman ayoub aziz badr bashir bassam bilal
    dalia emad fadi fahad fahd faisal farah fares farid faris farouk fatima fawzi fouad ghassan habib
    hadi hafez haitham hakim hala hamad hamdi hamed hamid hamza hani haroun hasan hashim hassan hatem
    hisham hosni huda husayn hussain hussein ibrahim ihab imad iman imran isa ismail issa jaber jabir
    jafar jalal jamal jamil jawad kamal kareem karim khaled khalid khalil khamis laila latif layla
    lina lotfi mahdi maher mahmoud majed majid malak malik mansour mariam marwan maryam masoud mazen
    mohamed mohammad mohammed mostafa mounir mourad moussa muhammad munir musa mustafa nabil nada nader
    nadia naji najib nasir nasser nawal nour noor nizar omar osama othman qasim rabia rachid rafiq rami
    rana rania rashid riad rida rim saad sabri sadiq said salah salama saleh salem salim salma salman
    samar sameer sami samir sara sayed selim shadi shahid shaker sharif suleiman sultan taha taher
    tahir talal tamer tareq tariq waleed walid wael yahya yasin yasser yassine yazid younes yousef
    youssef yusuf zahra zaid zain zainab zaki ziad zuhair
    aditya ajay ajit akash alok amar amit amitabh amrita anand anil anita anjali ankit anup anupam
    aravind arjun arun ashok asha ashwin balaji bharat chandra deepa deepak devi dev dinesh divya
    ganesh gautam geeta girish gopal govind hari harish hemant indira jagdish jai jaya jayant kabir
    kailash kamala karan kavita kiran kishore krishna kumar kumari lakshmi lata lalit madhav mahesh
    manish manoj meera mohan mukesh murali nanda narayan naresh naveen neha nikhil nisha nitin pooja
    prabhu pradeep prakash pramod pranav prasad prasanna praveen prem priti priya puja raghu rahul raj
    raja rajan rajesh rajendra rajiv raju rakesh ram rama raman ramesh ranjit rao rashmi ravi rekha
    ritu rohan rohit sachin sandeep sangeeta sanjay sanjeev santosh sarita satish seema shankar shanti
    shiva shweta shyam siddharth sita soma sonia srinivas subhash sudha sunil sunita suresh sushil uma
    usha vandana varun vasant venkatesh vidya vijay vikas vikram vinay vinod vishal vishnu vivek
    ai aiko akane akari akemi aki akiko akira aoi arata atsushi aya ayaka ayumi chika chiyo daichi
    daiki daisuke eiji emi eri fumiko go goro hana hanako haru haruka haruki haruto hayato hideki
    hideo hikari hinata hiro hiroaki hiroki hiroko hiromi hiroshi hitomi ichiro itsuki izumi jiro
    jun junichi junko kaede kaito kana kanako kaori kazuki kazuko kazuo keiko keisuke ken kenichi
    kenji kenta kiyoshi koji kota kumiko kyoko makoto mai mami mana manabu mao mariko masaki masao
    masato mayu mayumi megumi mei michiko midori mika miki miku minoru misaki mitsuo miyu mizuki
    momoka naoki naoko naomi nana nanami natsuki noboru nobu nobuo norio osamu reiko ren rika riko rin
    rina ryo ryota sachiko saki sakura sanae satoru satoshi sayaka seiji shigeru shin shinichi
    shinji shinobu shiori sho shohei shota shun sora sota susumu taichi taiga takahiro takashi takeo
    takeshi takuma takumi takuya taro tatsuya tomoko tomoya toru toshi tsubasa tsutomu yasu yasuo yoko
    yoshi yoshiko yosuke yua yui yuichi yuji yuka yuki yukari yukio yuko yumi yumiko yuna yusuke yuta
    yuto yutaka
    """
)

GIVEN_NAMES = ALWAYS_LATIN | _ROMANISED
