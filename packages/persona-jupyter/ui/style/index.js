import './base.css';
import './picker.css';
import './first-use.css';
import './reply-footer.css';
