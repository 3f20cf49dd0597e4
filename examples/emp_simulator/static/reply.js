"use strict";
document.getElementById("reply").submit();
